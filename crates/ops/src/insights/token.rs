//! A query as words and signs.

use super::QueryError;

/// A word or a sign, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Counted in characters, from 1.
    pub(super) at: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A keyword, a function or the name of a field.
    Word(String),
    /// The name of a field in backticks: never a keyword.
    Field(String),
    /// A number, with the unit that stands behind it.
    Number(f64, String),
    /// A text in quotes.
    Text(String),
    /// A pattern between slashes.
    Pattern(String),
    /// A sign, such as `>=`.
    Sign(&'static str),
    /// The end.
    End,
}

/// Signs, those of two characters first.
const SIGNS: [&str; 17] = ["!=", "<=", ">=", "=~", "=", "<", ">", "(", ")", "[", "]", ",", "|", "+", "-", "*", "/"];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut reader = Reader { rest: text.chars().collect(), place: 0 };
    let mut tokens: Vec<Token> = Vec::new();
    // Bounded: every turn takes a character.
    while let Some(next) = reader.peek() {
        let at = reader.place + 1;
        if next.is_whitespace() {
            reader.place += 1;
            continue;
        }
        if next == '#' {
            reader.while_is(|c| c != '\n');
            continue;
        }
        // A slash begins a pattern only where a pattern is wanted, and divides everywhere else.
        let wants_pattern = matches!(tokens.last().map(|token| &token.kind),
            Some(Kind::Word(word)) if word.eq_ignore_ascii_case("like"))
            || is_match(tokens.last());
        let kind = match next {
            '"' | '\'' => Kind::Text(reader.enclosed(next)?),
            '`' => Kind::Field(reader.enclosed(next)?),
            '/' if wants_pattern => Kind::Pattern(reader.enclosed(next)?),
            c if c.is_ascii_digit() => reader.number()?,
            c if is_of_name(c) => Kind::Word(reader.while_is(is_of_name)),
            _ => reader.sign()?,
        };
        tokens.push(Token { kind, at });
    }
    tokens.push(Token { kind: Kind::End, at: reader.place + 1 });
    Ok(tokens)
}

fn is_match(token: Option<&Token>) -> bool {
    token.is_some_and(|token| token.kind == Kind::Sign("=~"))
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || "@_.".contains(c)
}

struct Reader {
    rest: Vec<char>,
    place: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.place).copied()
    }

    fn refused(&self, at: usize, reason: String) -> QueryError {
        QueryError { at: at + 1, reason }
    }

    fn while_is(&mut self, is_wanted: impl Fn(char) -> bool) -> String {
        let taken: String = self.rest.iter().skip(self.place).take_while(|c| is_wanted(**c)).collect();
        self.place += taken.chars().count();
        taken
    }

    /// What stands between this character and its like. A backslash takes the meaning from what follows it.
    fn enclosed(&mut self, mark: char) -> Result<String, QueryError> {
        let begins = self.place;
        self.place += 1;
        let mut text = String::new();
        while let Some(next) = self.peek() {
            self.place += 1;
            if next == mark {
                return Ok(text);
            }
            match self.peek() {
                // A pattern needs its own backslashes.
                Some(escaped) if next == '\\' && (escaped == mark || (mark != '/' && escaped == '\\')) => {
                    self.place += 1;
                    text.push(escaped);
                }
                _ => text.push(next),
            }
        }
        Err(self.refused(begins, format!("what begins with {mark} has no end")))
    }

    fn number(&mut self) -> Result<Kind, QueryError> {
        let begins = self.place;
        let digits = self.while_is(|c| c.is_ascii_digit() || c == '.');
        let number = digits.parse().map_err(|_| self.refused(begins, format!("`{digits}` is no number")))?;
        Ok(Kind::Number(number, self.while_is(char::is_alphabetic)))
    }

    fn sign(&mut self) -> Result<Kind, QueryError> {
        let ahead: String = self.rest.iter().skip(self.place).take(2).collect();
        let found = SIGNS.iter().find(|sign| ahead.starts_with(**sign));
        let sign = found.ok_or_else(|| self.refused(self.place, format!("`{ahead}` is not understood")))?;
        self.place += sign.len();
        Ok(Kind::Sign(sign))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn a_slash_divides_or_begins_a_pattern() {
        let word = |text: &str| Kind::Word(text.to_owned());
        assert_eq!(
            kinds("@a.b / 1000 like /x\\/y\\d/ # more"),
            [
                word("@a.b"),
                Kind::Sign("/"),
                Kind::Number(1000.0, String::new()),
                word("like"),
                Kind::Pattern("x/y\\d".to_owned()),
                Kind::End
            ]
        );
        assert_eq!(
            kinds("5m >= \"a\\\"b\""),
            [Kind::Number(5.0, "m".to_owned()), Kind::Sign(">="), Kind::Text("a\"b".to_owned()), Kind::End]
        );
    }

    #[test]
    fn what_has_no_end_and_what_is_no_sign_is_refused_with_its_place() {
        assert_eq!(tokens("a = \"b").unwrap_err().to_string(), "at character 5: what begins with \" has no end");
        assert_eq!(tokens("a ; b").unwrap_err().at, 3);
        assert!(tokens("1.2.3").is_err());
    }
}
