//! What a rotation of secrets needs of the configuration. The rest of a request need not be there.

use aurora_restore_core::ids::{ClusterId, Region, SecretId};
use aurora_restore_ops::rotation::Dependent;

use super::{Config, ConfigError, reader::Reader};

/// The most dependents of a secret, and the most characters of a name and of what is to be done: a notice has 262,144 bytes.
const DEPENDENTS_MAX: usize = 50;
const DEPENDENT_CHARS_MAX: usize = 500;

/// The keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationKeys {
    /// `target.region`.
    pub region: Region,
    /// `target.cluster`: where the logins log in.
    pub cluster: ClusterId,
    /// `secrets.master`: the login that manages the others.
    pub master: SecretId,
    /// `secrets.users`.
    pub users: Option<SecretId>,
    /// `secrets.source-master`: of another cluster.
    pub source_master: Option<SecretId>,
    /// `notify.master-dependents`.
    pub master_dependents: Vec<Dependent>,
    /// `notify.users-dependents`.
    pub users_dependents: Vec<Dependent>,
}

impl RotationKeys {
    /// Who uses the logins of a secret: nobody is known of one that is not named here.
    pub fn dependents(&self, is: impl Fn(&SecretId) -> bool) -> &[Dependent] {
        if is(&self.master) {
            return &self.master_dependents;
        }
        if self.users.as_ref().is_some_and(is) { &self.users_dependents } else { &[] }
    }
}

impl Config {
    /// Reads them.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is missing or malformed.
    pub fn rotation(&self) -> Result<RotationKeys, ConfigError> {
        let reader = Reader::new(&self.values);
        let keys = read(&reader);
        reader.finish(keys)
    }
}

fn read(reader: &Reader<'_>) -> Option<RotationKeys> {
    let (region, cluster, master) =
        (reader.required("target.region"), reader.required("target.cluster"), reader.required("secrets.master"));
    let (users, source_master) = (reader.parsed("secrets.users"), reader.parsed("secrets.source-master"));
    let (master_dependents, users_dependents) =
        (dependents(reader, "notify.master-dependents"), dependents(reader, "notify.users-dependents"));
    Some(RotationKeys {
        region: region?,
        cluster: cluster?,
        master: master?,
        users,
        source_master,
        master_dependents: master_dependents?,
        users_dependents: users_dependents?,
    })
}

/// Names and what is to be done, as a notice can tell them.
fn dependents(reader: &Reader<'_>, path: &str) -> Option<Vec<Dependent>> {
    let Some(entries) = reader.map(path) else { return Some(Vec::new()) };
    if entries.len() > DEPENDENTS_MAX {
        reader.refuse(path, format_args!("it has more than {DEPENDENTS_MAX} entries"), None);
        return None;
    }
    let is_told = |text: &String| {
        !text.trim().is_empty() && text.chars().count() <= DEPENDENT_CHARS_MAX && !text.chars().any(char::is_control)
    };
    if let Some((name, _)) = entries.iter().find(|(name, what)| !is_told(name) || !is_told(what)) {
        let reason = format!(
            "`{}` and what to do there must have 1 to {DEPENDENT_CHARS_MAX} characters on one line",
            name.escape_debug()
        );
        reader.refuse(path, reason, None);
        return None;
    }
    let dependent = |(name, what): (&String, &String)| Dependent { name: name.clone(), what_to_do: what.clone() };
    Some(entries.iter().map(dependent).collect())
}

#[cfg(test)]
mod tests {
    use super::super::Sources;
    use super::*;

    fn read(dependents: &str) -> Result<RotationKeys, ConfigError> {
        let text = format!(
            "[target]\nregion = \"eu-central-1\"\ncluster = \"staging\"\n[secrets]\nmaster = \"m\"\nusers = \"u\"\n\
             [notify]\n{dependents}\n"
        );
        let parameter = super::super::ParameterText { name: "of a test".to_owned(), text };
        Config::load(&Sources::of_function(std::collections::BTreeMap::default(), parameter))?.rotation()
    }

    #[test]
    fn each_secret_has_its_own_dependents_and_any_other_has_none() {
        let keys = read(
            "users-dependents = { billing = \"restart it\", \"night reports\" = \"nothing\" }\n\
             master-dependents = { dba = \"read it anew\" }",
        )
        .unwrap();
        let names = |secret: &str| {
            let found = keys.dependents(|id| id.as_str() == secret);
            found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!((names("u"), names("m"), names("x")), (vec!["billing", "night reports"], vec!["dba"], vec![]));
        assert_eq!(keys.users_dependents[0].what_to_do, "restart it");
        assert!(read("").unwrap().users_dependents.is_empty());
    }

    #[test]
    fn what_a_notice_cannot_tell_is_refused_by_its_key() {
        let many: String = (0..=DEPENDENTS_MAX).map(|number| format!("d{number} = \"x\", ")).collect();
        for (dependents, told) in [
            ("users-dependents = { billing = \"\" }".to_owned(), "`billing` and what to do there must have 1 to 500"),
            ("users-dependents = { \"a\\nb\" = \"x\" }".to_owned(), "`a\\nb` and what"),
            (format!("users-dependents = {{ {many} }}"), "more than 50 entries"),
        ] {
            let error = read(&dependents).unwrap_err();
            assert!(error.problems[0].message.contains(told), "{:?}", error.problems);
        }
    }
}
