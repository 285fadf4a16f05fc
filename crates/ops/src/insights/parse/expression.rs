//! Expressions: what binds least is read first.

use regex_lite::Regex;

use super::Parser;
use crate::insights::{
    QueryError,
    query::{Comparison, Expression, Operator},
    token::{Kind, Token},
};

/// How deep expressions may be nested.
const DEPTH_MAX: usize = 64;

impl Parser {
    pub(super) fn expression(&mut self) -> Result<Expression, QueryError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.refused("a query that is less deep");
        }
        let mut left = self.conjunction()?;
        while self.takes_word("or") {
            left = Expression::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Expression, QueryError> {
        let mut left = self.negation()?;
        while self.takes_word("and") {
            left = Expression::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expression, QueryError> {
        let mut times = 0;
        while self.takes_word("not") {
            times += 1;
        }
        let inner = self.comparison()?;
        Ok(if times % 2 == 1 { Expression::Not(Box::new(inner)) } else { inner })
    }

    fn comparison(&mut self) -> Result<Expression, QueryError> {
        const SIGNS: [(&str, Comparison); 6] = [
            ("=", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::AtMost),
            ("<", Comparison::Less),
            (">=", Comparison::AtLeast),
            (">", Comparison::Greater),
        ];
        let left = self.sum()?;
        for (sign, comparison) in SIGNS {
            if self.takes_sign(sign) {
                return Ok(Expression::Compare(Box::new(left), comparison, Box::new(self.sum()?)));
            }
        }
        let is_negated = self.takes_word("not");
        let found = if self.takes_word("like") || (!is_negated && self.takes_sign("=~")) {
            Expression::Like(Box::new(left), self.pattern()?)
        } else if self.takes_word("in") {
            self.sign("[")?;
            let members = self.several(Self::sum)?;
            self.sign("]")?;
            Expression::In(Box::new(left), members)
        } else if is_negated {
            return self.refused("`like` or `in`");
        } else {
            return Ok(left);
        };
        Ok(if is_negated { Expression::Not(Box::new(found)) } else { found })
    }

    /// A pattern, or a text that has to be contained.
    fn pattern(&mut self) -> Result<Regex, QueryError> {
        let Token { kind, at } = self.here().clone();
        let pattern = match kind {
            Kind::Pattern(pattern) => pattern,
            Kind::Text(text) => regex_lite::escape(&text),
            Kind::Word(_) | Kind::Field(_) | Kind::Number(..) | Kind::Sign(_) | Kind::End => {
                return self.refused("a text or a /pattern/");
            }
        };
        self.place += 1;
        Regex::new(&pattern).map_err(|error| QueryError { at, reason: format!("the pattern is no good: {error}") })
    }

    fn sum(&mut self) -> Result<Expression, QueryError> {
        let mut left = self.product()?;
        loop {
            let operator = if self.takes_sign("+") {
                Operator::Add
            } else if self.takes_sign("-") {
                Operator::Subtract
            } else {
                return Ok(left);
            };
            left = Expression::Calculate(Box::new(left), operator, Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Expression, QueryError> {
        let mut left = self.single()?;
        loop {
            let operator = if self.takes_sign("*") {
                Operator::Multiply
            } else if self.takes_sign("/") {
                Operator::Divide
            } else {
                return Ok(left);
            };
            left = Expression::Calculate(Box::new(left), operator, Box::new(self.single()?));
        }
    }

    fn single(&mut self) -> Result<Expression, QueryError> {
        if self.takes_sign("-") {
            let zero = Box::new(Expression::Number(0.0));
            return Ok(Expression::Calculate(zero, Operator::Subtract, Box::new(self.factor()?)));
        }
        self.factor()
    }

    fn factor(&mut self) -> Result<Expression, QueryError> {
        if self.takes_sign("(") {
            let inner = self.expression()?;
            self.sign(")")?;
            return Ok(inner);
        }
        let Token { kind, at } = self.here().clone();
        let found = match kind {
            Kind::Text(text) => Expression::Text(text),
            Kind::Number(number, unit) if unit.is_empty() => Expression::Number(number),
            Kind::Field(name) => Expression::Field(name),
            Kind::Word(word) => {
                self.place += 1;
                return if self.takes_sign("(") { self.call(&word, at) } else { Ok(Expression::Field(word)) };
            }
            Kind::Number(..) | Kind::Pattern(_) | Kind::Sign(_) | Kind::End => {
                return self.refused("a field, a number or a text");
            }
        };
        self.place += 1;
        Ok(found)
    }

    fn call(&mut self, word: &str, at: usize) -> Result<Expression, QueryError> {
        let found = match word.to_ascii_lowercase().as_str() {
            "ispresent" => Expression::IsPresent(Box::new(self.expression()?)),
            "bin" => self.bin()?,
            _ => {
                let reason = format!("`{word}()` is no function that is known here: ispresent, bin");
                return Err(QueryError { at, reason });
            }
        };
        self.sign(")")?;
        Ok(found)
    }

    fn bin(&mut self) -> Result<Expression, QueryError> {
        const UNITS: [(&str, i64); 10] = [
            ("ms", 1),
            ("s", 1_000),
            ("sec", 1_000),
            ("m", 60_000),
            ("min", 60_000),
            ("h", 3_600_000),
            ("hr", 3_600_000),
            ("d", 86_400_000),
            ("day", 86_400_000),
            ("w", 604_800_000),
        ];
        if let Kind::Number(number, unit) = &self.here().kind
            && let Some((_, millis)) = UNITS.iter().find(|(known, _)| known == unit)
            && let Some(count) = (1..=1_000).find(|count| f64::from(*count) == *number)
        {
            let span = i64::from(count) * millis;
            self.place += 1;
            return Ok(Expression::Bin(span));
        }
        self.refused("a time such as 5m")
    }
}
