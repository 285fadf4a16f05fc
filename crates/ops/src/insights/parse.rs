//! From the text of a query to its commands. Whatever is not known is refused.

mod expression;

use super::{
    QueryError,
    query::{Aggregate, Column, Command, Figure, Key, Query},
    token::{Kind, Token, tokens},
};

/// The most rows of an answer, as of the service's.
pub(super) const ROWS_MAX: usize = 10_000;

/// Reads a query.
///
/// # Errors
/// [`QueryError`] with the first thing that is not understood.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    let mut parser = Parser { text: text.chars().collect(), tokens: tokens(text)?, place: 0, depth: 0 };
    let mut commands = vec![parser.command()?];
    // Bounded: every turn takes a token.
    while parser.takes_sign("|") {
        commands.push(parser.command()?);
    }
    parser.end()?;
    let stats = commands.iter().filter(|command| matches!(command, Command::Stats { .. })).count();
    if stats > 1 {
        return Err(QueryError { at: 1, reason: "only one `stats` is known here".to_owned() });
    }
    Ok(Query { commands })
}

struct Parser {
    text: Vec<char>,
    tokens: Vec<Token>,
    place: usize,
    depth: usize,
}

impl Parser {
    fn here(&self) -> &Token {
        // The last token is the end, which nobody goes beyond.
        let last = self.tokens.len().saturating_sub(1);
        self.tokens.get(self.place.min(last)).expect("there is an end")
    }

    fn take(&mut self) -> Token {
        let token = self.here().clone();
        self.place += 1;
        token
    }

    fn refused<T>(&self, expected: &str) -> Result<T, QueryError> {
        let token = self.here();
        let found = match &token.kind {
            Kind::Word(word) | Kind::Field(word) => format!("`{word}`"),
            Kind::Number(number, unit) => format!("`{number}{unit}`"),
            Kind::Text(text) => format!("the text \"{text}\""),
            Kind::Pattern(pattern) => format!("the pattern /{pattern}/"),
            Kind::Sign(sign) => format!("`{sign}`"),
            Kind::End => "the end".to_owned(),
        };
        Err(QueryError { at: token.at, reason: format!("{found} stands where {expected} is wanted") })
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.here().kind, Kind::Sign(found) if found == sign);
        self.place += usize::from(is_it);
        is_it
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_it = matches!(&self.here().kind, Kind::Word(found) if found.eq_ignore_ascii_case(word));
        self.place += usize::from(is_it);
        is_it
    }

    fn sign(&mut self, sign: &str) -> Result<(), QueryError> {
        if self.takes_sign(sign) { Ok(()) } else { self.refused(&format!("`{sign}`")) }
    }

    fn end(&self) -> Result<(), QueryError> {
        if self.here().kind == Kind::End { Ok(()) } else { self.refused("`|` or the end") }
    }

    fn command(&mut self) -> Result<Command, QueryError> {
        let Token { kind: Kind::Word(word), at } = self.here().clone() else {
            return self.refused("a command");
        };
        self.place += 1;
        match word.to_ascii_lowercase().as_str() {
            "fields" => Ok(Command::Fields(self.several(Self::column)?)),
            "filter" => Ok(Command::Filter(self.expression()?)),
            "stats" => {
                let figures = self.several(Self::figure)?;
                let by = if self.takes_word("by") { self.several(Self::column)? } else { Vec::new() };
                Ok(Command::Stats { figures, by })
            }
            "sort" => Ok(Command::Sort(self.several(Self::key)?)),
            "limit" => self.limit(),
            _ => {
                let reason = format!("`{word}` is no command that is known here: fields, filter, stats, sort, limit");
                Err(QueryError { at, reason })
            }
        }
    }

    /// One or more, with commas between them.
    fn several<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, QueryError>) -> Result<Vec<T>, QueryError> {
        let mut all = vec![one(self)?];
        while self.takes_sign(",") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn limit(&mut self) -> Result<Command, QueryError> {
        if let Kind::Number(number, unit) = &self.here().kind
            && unit.is_empty()
            && number.fract() == 0.0
            && let Some(rows) = (1..=ROWS_MAX).find(|rows| exact(*rows) == *number)
        {
            self.place += 1;
            return Ok(Command::Limit(rows));
        }
        self.refused(&format!("a number from 1 to {ROWS_MAX}"))
    }

    fn key(&mut self) -> Result<Key, QueryError> {
        let (Kind::Word(field) | Kind::Field(field)) = self.here().kind.clone() else {
            return self.refused("the name of a field");
        };
        self.place += 1;
        let descending = self.takes_word("desc");
        if !descending {
            let _ascending = self.takes_word("asc");
        }
        Ok(Key { field, descending })
    }

    fn column(&mut self) -> Result<Column, QueryError> {
        let begins = self.place;
        let value = self.expression()?;
        Ok(Column { value, name: self.name_since(begins)? })
    }

    /// The name behind `as`; without it, the words as they are written.
    fn name_since(&mut self, begins: usize) -> Result<String, QueryError> {
        if self.takes_word("as") {
            let (Kind::Word(name) | Kind::Field(name)) = self.here().kind.clone() else {
                return self.refused("a name");
            };
            self.place += 1;
            return Ok(name);
        }
        let place = |token: usize| self.tokens.get(token).map_or(self.text.len(), |token| token.at - 1);
        if let (1, Some(Kind::Field(name))) = (self.place - begins, self.tokens.get(begins).map(|token| &token.kind)) {
            return Ok(name.clone());
        }
        let written = self.text.get(place(begins)..place(self.place)).unwrap_or_default();
        Ok(written.iter().collect::<String>().trim().to_owned())
    }

    fn figure(&mut self) -> Result<Figure, QueryError> {
        let begins = self.place;
        let Token { kind: Kind::Word(word), at } = self.take() else {
            self.place = begins;
            return self.refused("a figure such as count()");
        };
        self.sign("(")?;
        let aggregate = match word.to_ascii_lowercase().as_str() {
            "count" => self.counted()?,
            "count_distinct" => Aggregate::CountDistinct(self.expression()?),
            "sum" => Aggregate::Sum(self.expression()?),
            "avg" => Aggregate::Average(self.expression()?),
            "min" => Aggregate::Least(self.expression()?),
            "max" => Aggregate::Greatest(self.expression()?),
            "earliest" => Aggregate::Earliest(self.expression()?),
            "latest" => Aggregate::Latest(self.expression()?),
            "pct" => self.percentile()?,
            _ => {
                let known = "count, count_distinct, sum, avg, min, max, pct, earliest, latest";
                return Err(QueryError { at, reason: format!("`{word}` is no figure that is known here: {known}") });
            }
        };
        self.sign(")")?;
        Ok(Figure { aggregate, name: self.name_since(begins)? })
    }

    fn counted(&mut self) -> Result<Aggregate, QueryError> {
        let is_all = self.takes_sign("*") || matches!(self.here().kind, Kind::Sign(")"));
        Ok(Aggregate::Count(if is_all { None } else { Some(self.expression()?) }))
    }

    fn percentile(&mut self) -> Result<Aggregate, QueryError> {
        let value = self.expression()?;
        self.sign(",")?;
        let Kind::Number(share, _) = self.here().kind else { return self.refused("a number from 0 to 100") };
        if !(0.0..=100.0).contains(&share) {
            return self.refused("a number from 0 to 100");
        }
        self.place += 1;
        Ok(Aggregate::Percentile(value, share))
    }
}

/// A count of rows as a number of a query.
fn exact(rows: usize) -> f64 {
    u32::try_from(rows).map_or(f64::NAN, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitoring::Declaration;

    #[test]
    fn every_saved_query_is_understood() {
        for query in Declaration::of_this_version().queries {
            assert!(parse(&query.text).is_ok(), "{}: {:?}", query.id, parse(&query.text));
        }
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_place_and_what_is_known() {
        for (text, told) in [
            ("", "at character 1: the end stands where a command is wanted"),
            (
                "parse @message \"*\" as a",
                "at character 1: `parse` is no command that is known here: fields, filter, stats, sort, limit",
            ),
            (
                "fields a | stats stddev(b)",
                "at character 18: `stddev` is no figure that is known here: count, count_distinct, sum, avg, min, max, pct, earliest, latest",
            ),
            ("filter strlen(a) > 1", "at character 8: `strlen()` is no function that is known here: ispresent, bin"),
            ("limit 0", "at character 7: `0` stands where a number from 1 to 10000 is wanted"),
            ("limit 1.5", "at character 7: `1.5` stands where a number from 1 to 10000 is wanted"),
            ("filter a = ", "at character 12: the end stands where a field, a number or a text is wanted"),
            ("filter (a = 1", "at character 14: the end stands where `)` is wanted"),
            ("filter a not b", "at character 14: `b` stands where `like` or `in` is wanted"),
            ("filter a like 1", "at character 15: `1` stands where a text or a /pattern/ is wanted"),
            ("fields a b", "at character 10: `b` stands where `|` or the end is wanted"),
            ("stats pct(a, 101) by b", "at character 14: `101` stands where a number from 0 to 100 is wanted"),
            ("stats count() by bin(5y)", "at character 22: `5y` stands where a time such as 5m is wanted"),
            ("stats count() | stats count()", "at character 1: only one `stats` is known here"),
            ("sort 1", "at character 6: `1` stands where the name of a field is wanted"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), told, "{text}");
        }
        assert!(parse("filter a like /(/").unwrap_err().reason.contains("no good"));
        assert!(parse(&format!("filter {}a", "(".repeat(100))).unwrap_err().reason.contains("less deep"));
    }
}
