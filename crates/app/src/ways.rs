//! Where copies of snapshots are made on their way, by what the configuration says of the source.

use aurora_restore_core::{
    ids::Region,
    ports::{Location, Side},
};

use crate::config::Config;

/// Where copies are made on their way to a Region: in the source account, and where a way has two hops in the Region of the
/// source, too.
pub fn ways_of_copies(config: &Config, here: &Region) -> Vec<Location> {
    let source = config.source_region().unwrap_or_else(|| here.clone());
    let mut ways = Vec::new();
    if source != *here {
        ways.push(Location { side: Side::Target, region: source.clone() });
    }
    if config.environment().aws.source.is_some() {
        ways.push(Location { side: Side::Source, region: source });
    }
    ways
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{ParameterText, Sources};

    fn told(text: &str, role: bool) -> Vec<String> {
        let role = role.then_some(("AURORA_RESTORE_AWS_SOURCE_ROLE", "arn:aws:iam::111122223333:role/reader"));
        let given = [("AURORA_RESTORE_TARGET_REGION", "eu-central-1")].into_iter().chain(role);
        let environment: BTreeMap<_, _> = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let parameter = ParameterText { name: "/config".to_owned(), text: text.to_owned() };
        let config = Config::load(&Sources::of_function(environment, parameter)).unwrap();
        ways_of_copies(&config, &Region::new("eu-central-1").unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn copies_are_looked_for_where_the_configuration_has_them_made() {
        let nowhere: [&str; 0] = [];
        assert_eq!(told("", false), nowhere);
        assert_eq!(told("", true), ["the source account in eu-central-1"]);
        let elsewhere = "[source]\nregion = \"eu-west-1\"\n";
        let both = ["the target account in eu-west-1", "the source account in eu-west-1"];
        assert_eq!(told(elsewhere, true), both);
        let by_arn = "[source]\nsnapshot = \"arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:one\"\n";
        assert_eq!(told(by_arn, true), both);
    }
}
