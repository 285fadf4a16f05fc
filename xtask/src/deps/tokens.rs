//! Which packages a source file names. Comments and texts do not count, a variable that happens to be called like a package
//! neither.

use std::{collections::BTreeSet, str::FromStr as _};

use proc_macro2::{TokenStream, TokenTree};

/// The first names of every path in a file: `serde` of `serde::Serialize` and of `use serde::{…}`.
pub(super) fn roots(text: &str) -> Result<BTreeSet<String>, String> {
    let stream = TokenStream::from_str(text).map_err(|error| error.to_string())?;
    let mut found = BTreeSet::new();
    collect(stream, false, &mut found);
    Ok(found)
}

/// Looks at every token. What stands in the braces of `use serde::{…}` goes on with a path and begins none.
fn collect(stream: TokenStream, goes_on: bool, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let before = |count: usize| at.checked_sub(count).and_then(|at| tokens.get(at));
                let after_path = is_colon(before(1)) && is_colon(before(2));
                collect(group.stream(), goes_on || after_path, found);
            }
            TokenTree::Ident(name) if !goes_on && begins_path(&tokens, at) => {
                let _ = found.insert(name.to_string().trim_start_matches("r#").to_owned());
            }
            // `#[serde(with = "other::module")]` names a path in a text.
            TokenTree::Literal(literal) => found.extend(path_in_text(&literal.to_string())),
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// Whether a name is the first of a path: two colons follow it, or `use` or `crate` stands before it, and no path does.
fn begins_path(tokens: &[TokenTree], at: usize) -> bool {
    let before = |count: usize| at.checked_sub(count).and_then(|at| tokens.get(at));
    let goes_on = is_colon(before(1)) && is_colon(before(2)) && matches!(before(3), Some(TokenTree::Ident(_)));
    let is_imported = matches!(before(1), Some(TokenTree::Ident(word)) if *word == "use" || *word == "crate");
    !goes_on && (is_imported || (is_colon(tokens.get(at + 1)) && is_colon(tokens.get(at + 2))))
}

fn path_in_text(literal: &str) -> Option<String> {
    let (first, _) = literal.strip_prefix('"')?.split_once("::")?;
    let is_name = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        roots(text).unwrap().into_iter().collect()
    }

    #[test]
    fn the_first_names_of_paths_are_found_wherever_they_stand() {
        assert_eq!(found("use one::{a::b, c};\nextern crate two;\nuse three;"), ["one", "three", "two"]);
        assert_eq!(found("#[tokio::test] fn f() { ::four::g(vec![five::h()]) }"), ["five", "four", "tokio"]);
        assert_eq!(found("#[serde(with = \"six::form\")] struct S;"), ["six"]);
    }

    #[test]
    fn comments_texts_variables_and_the_middle_of_a_path_are_not() {
        assert_eq!(found("/// url::Url\n// url::Url\nfn f() { let url = \"see url::Url\"; g(url) }"), [] as [&str; 0]);
        assert_eq!(found("fn f() { std::url::g() }"), ["std"]);
    }
}
