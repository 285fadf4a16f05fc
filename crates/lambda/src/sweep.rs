//! The sweeper's function: what is to be done is decided in `ops`; here it is wired, logged and counted.

use aurora_restore_app::config::Config;
use aurora_restore_core::{
    ids::Region,
    ports::{Location, Side},
};
use aurora_restore_ops::sweep::{Bounds, Finding, Sweep, SweepError};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    failure::FunctionError,
    metrics::Measure,
    variables::{Variables, missing},
    wiring::Wiring,
};

/// Sweeps once. What woke it does not matter, so the event is not read.
pub(crate) async fn run(
    wiring: &Wiring,
    variables: &Variables,
    measures: &mut Vec<Measure>,
) -> Result<Value, FunctionError> {
    let machine = variables.machine.as_deref().ok_or_else(|| missing("AURORA_RESTORE_STATE_MACHINE"))?;
    let account = wiring.account(variables).await?;
    let executions = account.executions(machine).map_err(|error| FunctionError::Refused(error.to_string()))?;
    let prepared = wiring.prepared(variables).await?;
    let period = SignedDuration::try_from(variables.sweep_period).unwrap_or(SignedDuration::from_hours(24));
    let stack = match &variables.stack {
        Some(name) => format!("{name} ({})", variables.environment),
        None => variables.environment.clone(),
    };
    let sweep = Sweep {
        stack: &stack,
        ports: prepared.services.ports(),
        executions: executions.as_ref(),
        location: Location { side: Side::Target, region: variables.region.clone() },
        ways: ways(&prepared.config, &variables.region),
        bounds: Bounds { period, ..Bounds::default() },
    };
    let swept = sweep.run().await?;
    for finding in &swept.findings {
        tell(finding);
    }
    let (stalled, leftovers) = (swept.stalled().count(), swept.leftovers().count());
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    measures.push(Measure::count("SweepRetirementsStarted", count(swept.started.len())));
    measures.push(Measure::count("SweepOperationsStalled", count(stalled)));
    measures.push(Measure::count("SweepLeftovers", count(leftovers)));
    measures.push(Measure::count("SweepTroubles", count(swept.troubles.len())));
    Ok(json!({
        "step": "sweep",
        "retirements_started": swept.started,
        "stalled": stalled,
        "leftovers": leftovers,
        "not_looked_at": swept.troubles,
    }))
}

/// Where copies are made on their way to this Region: in the source account, and where a way has two hops in the Region of
/// the source, too. Both by what the configuration says of the source.
fn ways(config: &Config, here: &Region) -> Vec<Location> {
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

fn tell(finding: &Finding) {
    let operation = finding.operation().as_str();
    tracing::warn!(found = finding.kind(), about = operation, "{finding}");
}

impl From<SweepError> for FunctionError {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Journal(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aurora_restore_app::config::{ParameterText, Sources};

    use super::*;

    fn told(text: &str, role: bool) -> Vec<String> {
        let role = role.then_some(("AURORA_RESTORE_AWS_SOURCE_ROLE", "arn:aws:iam::111122223333:role/reader"));
        let given = [("AURORA_RESTORE_TARGET_REGION", "eu-central-1")].into_iter().chain(role);
        let environment: BTreeMap<_, _> = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let parameter = ParameterText { name: "/config".to_owned(), text: text.to_owned() };
        let config = Config::load(&Sources::of_function(environment, parameter)).unwrap();
        ways(&config, &Region::new("eu-central-1").unwrap()).iter().map(ToString::to_string).collect()
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
