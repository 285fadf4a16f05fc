//! The configuration file: TOML, flattened to the keys of the schema, each with the line on which it stands.

use std::path::Path;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Origin, Problem, reference,
    schema::{self, Key},
    value::{self, Value},
};

/// What a file says, and everything that is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) entries: Vec<(&'static Key, Value, Origin)>,
    pub(super) problems: Vec<Problem>,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Document<'t> {
    /// In a file.
    File(&'t Path),
    /// In a parameter of this name.
    Parameter(&'t str),
}

/// Reads the text of a file.
pub(super) fn parse(text: &str, path: &Path) -> Parsed {
    parse_document(text, Document::File(path))
}

/// Reads the text of a document.
pub(super) fn parse_document(text: &str, document: Document<'_>) -> Parsed {
    let mut reading = Reading { text, document, parsed: Parsed::default() };
    match DeTable::parse(text) {
        Ok(table) => reading.table(table.get_ref(), ""),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let hint = "Texts stand in quotes, lists in [ ], and each section begins with its name in [ ].";
            reading.problem(at, format!("this is not TOML: {}", error.message()), Some(hint.to_owned()));
        }
    }
    // Tables are held by name; people read a file from its top.
    reading.parsed.problems.sort_by(|one, other| one.origin.cmp(&other.origin));
    reading.parsed
}

struct Reading<'t> {
    text: &'t str,
    document: Document<'t>,
    parsed: Parsed,
}

impl Reading<'_> {
    fn origin(&self, at: usize) -> Origin {
        let line = self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        match self.document {
            Document::File(path) => Origin::File { path: path.to_owned(), line },
            Document::Parameter(name) => Origin::Parameter { name: name.to_owned(), line },
        }
    }

    fn problem(&mut self, at: usize, message: String, hint: Option<String>) {
        let origin = Some(self.origin(at));
        self.parsed.problems.push(Problem { message, origin, hint });
    }

    fn table(&mut self, table: &DeTable<'_>, prefix: &str) {
        for (name, value) in table {
            let path =
                if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
            self.entry(&path, name.span().start, value);
        }
    }

    fn entry(&mut self, path: &str, at: usize, value: &Spanned<DeValue<'_>>) {
        if let Some(key) = schema::find(path) {
            match value::from_toml(key.shape, value.get_ref()) {
                Ok(value) => {
                    let origin = self.origin(at);
                    self.parsed.entries.push((key, value, origin));
                }
                Err(reason) => self.problem(at, format!("`{path}`: {reason}"), reference::example(path)),
            }
            return;
        }
        match value.get_ref() {
            DeValue::Table(inner) if schema::is_section(path) => self.table(inner, path),
            _ if schema::is_section(path) => {
                let hint = format!("Write [{path}] and its keys below it.");
                self.problem(at, format!("`{path}` is a section and not a key"), Some(hint));
            }
            DeValue::Table(_) => self.problem(at, format!("unknown section `{path}`"), Some(section_hint(path))),
            _ => self.problem(at, format!("unknown key `{path}`"), key_hint(path)),
        }
    }
}

fn section_hint(path: &str) -> String {
    let sections = schema::KEYS.iter().filter_map(|key| key.path.rsplit_once('.').map(|(section, _)| section));
    match crate::did_you_mean(path, sections) {
        Some(section) => format!("Did you mean [{section}]?"),
        None => "`aurora-restore config show` lists every key with its section.".to_owned(),
    }
}

/// What to do about a key that does not exist.
pub(super) fn key_hint(path: &str) -> Option<String> {
    let hint = match schema::nearest(path) {
        Some(key) => format!("Did you mean `{key}`?"),
        None => "`aurora-restore config show` lists every key.".to_owned(),
    };
    Some(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let parsed = parse(text, Path::new("a.toml"));
        parsed
            .problems
            .iter()
            .map(|problem| format!("{problem} {}", problem.hint.clone().unwrap_or_default()).trim().to_owned())
            .collect()
    }

    #[test]
    fn unknown_keys_and_sections_are_named_with_their_line_and_a_suggestion() {
        assert_eq!(
            problems("[target]\nregion = \"eu-west-1\"\nclutser = \"x\"\n\n[limts]\npoll = \"3s\"\n"),
            [
                "a.toml:3: unknown key `target.clutser` Did you mean `target.cluster`?",
                "a.toml:5: unknown section `limts` Did you mean [limits]?",
            ]
        );
    }

    #[test]
    fn a_bare_number_is_not_a_duration() {
        assert_eq!(
            problems("[limits]\npoll = 30"),
            [
                "a.toml:2: `limits.poll`: expected a duration with its unit, such as \"30s\" or \"24h\", found the number 30 An example: `limits.poll = \"30s\"`."
            ]
        );
    }

    #[test]
    fn a_wrong_word_gets_the_words_that_are_allowed() {
        assert_eq!(
            problems("[restore]\nstrategy = \"swapp\""),
            [
                "a.toml:2: `restore.strategy`: \"swapp\" is not one of \"swap\", \"side-by-side\", \"replace\"; did you mean \
              \"swap\"? An example: `restore.strategy = \"swap\"`."
            ]
        );
    }

    #[test]
    fn what_is_not_toml_is_refused_with_its_line() {
        let told = problems("[target]\ncluster = staging\n");
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("a.toml:2: this is not TOML:"), "{told:?}");
    }
}
