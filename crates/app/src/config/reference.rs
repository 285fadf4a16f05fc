//! What the reference of the configuration shows for a key: how its value is written.

use super::{DEFAULTS, schema};

/// What to do about a value that is refused: the reference's own way to write it.
pub(super) fn example(path: &str) -> Option<String> {
    let (section, name) = path.rsplit_once('.')?;
    let mut here = "";
    for line in DEFAULTS.lines() {
        if let Some(heading) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            here = heading;
            continue;
        }
        let line = line.strip_prefix("# ").unwrap_or(line);
        let value = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(" = "));
        if let Some(value) = value.filter(|_| here == section) {
            debug_assert!(schema::find(path).is_some(), "`{path}` is not a key");
            return Some(format!("An example: `{path} = {value}`."));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{
        super::schema::{KEYS, Shape},
        *,
    };

    #[test]
    fn every_key_has_an_example() {
        for key in KEYS.iter().filter(|key| key.shape != Shape::Checks) {
            let example = example(key.path);
            assert!(example.as_deref().is_some_and(|text| text.contains(key.path)), "{}: {example:?}", key.path);
        }
        assert_eq!(example("target.cluster").unwrap(), "An example: `target.cluster = \"staging\"`.");
        assert_eq!(example("aws.source.account").unwrap(), "An example: `aws.source.account = \"111122223333\"`.");
    }
}
