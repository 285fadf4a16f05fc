//! From the bytes of a form to a tree of parameters. Knows nothing about actions or types.

use std::collections::BTreeMap;

/// No request of RDS comes near these: 50 tags are 100 parameters, and the deepest name has six parts.
const PARAMS_MAX: usize = 1_000;
const DEPTH_MAX: usize = 8;

/// Why a form could not be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    /// Not `application/x-www-form-urlencoded`: a broken escape, or bytes that are not UTF-8.
    #[error("the request is not a well-formed query string")]
    Encoding,
    /// More parameters than any request has.
    #[error("the request has more than {PARAMS_MAX} parameters")]
    TooMany,
    /// An empty name, an empty part of a name, or more parts than any parameter has.
    #[error("the request has a parameter without a usable name")]
    Name,
    /// One name given twice, or used both as a value and as the beginning of other names.
    #[error("the parameter {0} is given more than once")]
    Repeated(String),
    /// A character that XML cannot carry, so no answer could ever show it.
    #[error("the parameter {0} contains a control character")]
    Control(String),
}

/// One level of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Leaf(String),
    Branch(BTreeMap<String, Node>),
}

/// Reads a form into its tree.
pub(super) fn tree(form: &str) -> Result<BTreeMap<String, Node>, FormError> {
    let mut root = BTreeMap::new();
    for (name, value) in decode_form(form)? {
        insert(&mut root, &name, value)?;
    }
    Ok(root)
}

/// Splits and decodes a form into its names and values, in order.
///
/// # Errors
/// [`FormError::Encoding`], [`FormError::TooMany`].
fn decode_form(form: &str) -> Result<Vec<(String, String)>, FormError> {
    let pairs = form.split('&').filter(|pair| !pair.is_empty());
    if pairs.clone().count() > PARAMS_MAX {
        return Err(FormError::TooMany);
    }
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

fn insert(root: &mut BTreeMap<String, Node>, name: &str, value: String) -> Result<(), FormError> {
    let parts: Vec<&str> = name.split('.').collect();
    if parts.len() > DEPTH_MAX || parts.iter().any(|part| part.is_empty()) || has_control(name) {
        return Err(FormError::Name);
    }
    if has_control(&value) {
        return Err(FormError::Control(name.to_owned()));
    }
    let Some((last, above)) = parts.split_last() else {
        return Err(FormError::Name);
    };
    let mut level = root;
    for part in above {
        let next = level.entry((*part).to_owned()).or_insert_with(|| Node::Branch(BTreeMap::new()));
        match next {
            Node::Branch(children) => level = children,
            Node::Leaf(_) => return Err(FormError::Repeated(name.to_owned())),
        }
    }
    match level.insert((*last).to_owned(), Node::Leaf(value)) {
        None => Ok(()),
        Some(_) => Err(FormError::Repeated(name.to_owned())),
    }
}

/// True for what XML 1.0 cannot contain; tab and line ends are fine.
fn has_control(text: &str) -> bool {
    text.chars().any(|c| (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

fn decode(text: &str) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next())? << 4 | hex(rest.next())?,
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| FormError::Encoding)
}

fn hex(digit: Option<u8>) -> Result<u8, FormError> {
    digit
        .and_then(|digit| char::from(digit).to_digit(16))
        .and_then(|value| u8::try_from(value).ok())
        .ok_or(FormError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_is_not_one_is_refused_whole() {
        let many = "a&".repeat(2_000);
        for (form, error) in [
            ("Name=%zz", FormError::Encoding),
            ("Name=%f", FormError::Encoding),
            ("Name=%ff", FormError::Encoding),
            ("Name=a&Name=b", FormError::Repeated("Name".into())),
            ("Name=a&Name.1=b", FormError::Repeated("Name.1".into())),
            ("Name.1=a&Name=b", FormError::Repeated("Name".into())),
            ("=a", FormError::Name),
            ("a..b=1", FormError::Name),
            ("a.b.c.d.e.f.g.h.i=1", FormError::Name),
            ("Name=%00", FormError::Control("Name".into())),
            (many.as_str(), FormError::TooMany),
        ] {
            assert_eq!(tree(form), Err(error), "{}", &form[..form.len().min(40)]);
        }
    }
}
