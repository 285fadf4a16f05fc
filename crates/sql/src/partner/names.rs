//! What the roles of a pair are called: `app` and `app_clone`, as AWS calls them. A number tells apart what a restore brought
//! along: `app_clone2`.

/// What is put behind the name of a login.
const SUFFIX: &str = "_clone";
/// The highest number behind the suffix.
const NUMBER_MAX: u32 = 9;

/// What all names of a pair have in common.
pub(super) fn stem(name: &str) -> &str {
    let without_number = name.strip_suffix(|c: char| c.is_ascii_digit() && c > '1').unwrap_or(name);
    match (without_number.strip_suffix(SUFFIX), name.strip_suffix(SUFFIX)) {
        (Some(stem), _) | (None, Some(stem)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// The names that the partner of `login` may have, in the order in which they are taken.
pub(super) fn of_pair(login: &str) -> Vec<String> {
    let stem = stem(login);
    let numbered = (2..=NUMBER_MAX).map(|number| format!("{stem}{SUFFIX}{number}"));
    let all = [stem.to_owned(), format!("{stem}{SUFFIX}")].into_iter().chain(numbered);
    all.filter(|name| name != login).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_pair_lead_to_each_other() {
        assert_eq!(of_pair("app")[..2], ["app_clone", "app_clone2"]);
        assert_eq!(of_pair("app_clone")[..2], ["app", "app_clone2"]);
        assert_eq!(of_pair("app_clone2")[..2], ["app", "app_clone"]);
    }

    #[test]
    fn only_the_suffix_is_taken_off() {
        for (name, expected) in [
            ("app", "app"),
            ("app2", "app2"),
            ("app_clone", "app"),
            ("app_clone9", "app"),
            ("app_clone1", "app_clone1"),
            ("app_clone22", "app_clone22"),
            ("_clone", "_clone"),
            ("größe_clone", "größe"),
        ] {
            assert_eq!(stem(name), expected);
        }
    }
}
