//! The alarms: what a person should hear of, as it is declared. Thresholds fit restores of hours; where nothing happens, nothing
//! is wrong.

use aurora_restore_ops::monitoring::{Alarm, Reference, Threshold};

use super::{
    node::{Node, attribute, list, map, reference, sub},
    parameters::timeout,
    tags, views,
};

/// Every alarm with its logical id.
pub(crate) fn resources() -> Vec<(String, Node)> {
    views::declared().alarms.iter().map(|alarm| (alarm.id.clone(), resource(alarm))).collect()
}

/// What the template has for a value of the declaration.
fn value(text: &str) -> Node {
    match Reference::of(text) {
        Some(Reference::Name(name)) => reference(name),
        Some(Reference::Attribute(resource, name)) => attribute(resource, name),
        Some(Reference::Text(_)) | None => text.into(),
    }
}

fn resource(alarm: &Alarm) -> Node {
    let dimension = |(name, of): (&String, &String)| map! { "Name" => name.as_str(), "Value" => value(of) };
    let threshold = match alarm.threshold() {
        Threshold::Value(value) => value.into(),
        Threshold::FifthsOfTimeout(_) => timeout("LongMilliseconds"),
    };
    let properties = map! {
        "AlarmName" => sub(format!("${{NamePrefix}}-{}", alarm.name)),
        "AlarmDescription" => alarm.about.as_str(),
        "AlarmActions" => list![reference("Topic")],
        "Namespace" => alarm.namespace.as_str(),
        "MetricName" => alarm.metric.as_str(),
        "Dimensions" => Node::List(alarm.dimensions.iter().map(dimension).collect()),
        "Statistic" => alarm.statistic.as_str(),
        "Period" => alarm.period.secs(),
        "Threshold" => threshold,
        "EvaluationPeriods" => alarm.periods,
        "ComparisonOperator" => "GreaterThanOrEqualToThreshold",
        "TreatMissingData" => "notBreaching",
        "Tags" => tags(),
    };
    map! { "Type" => "AWS::CloudWatch::Alarm", "Properties" => properties }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aurora_restore_ops::monitoring::RETENTION_DAYS;

    use super::*;
    use crate::stack::{parameters, parameters::Check, place::Place, template};

    /// Where the functions write their numbers.
    const WRITERS: [&str; 2] =
        [include_str!("../../../crates/lambda/src/metrics.rs"), include_str!("../../../crates/lambda/src/sweep.rs")];

    #[test]
    fn every_alarm_of_ours_watches_a_number_that_the_functions_write() {
        let declared = views::declared();
        let ours: Vec<&Alarm> = declared.alarms.iter().filter(|alarm| alarm.namespace == "AuroraRestore").collect();
        assert!(!ours.is_empty());
        for alarm in ours {
            let name = format!("\"{}\"", alarm.metric);
            assert!(WRITERS.iter().any(|text| text.contains(&name)), "{} waits for {name} in vain", alarm.name);
        }
    }

    #[test]
    fn every_function_table_and_machine_is_watched() {
        let declared = views::declared();
        let watched: BTreeSet<&str> =
            declared.alarms.iter().flat_map(|alarm| alarm.dimensions.values()).map(String::as_str).collect();
        let functions = Place::all().into_iter().map(|place| format!("{}Function", place.logical()));
        let others =
            ["StateTable", "AuditTable", "StateMachine", "BatchStateMachine", "ScheduleGroup"].map(str::to_owned);
        for name in functions.chain(others) {
            assert!(watched.contains(format!("${{{name}}}").as_str()), "nothing watches {name}");
        }
    }

    /// A placeholder that the template does not have would be found by CloudFormation only.
    #[test]
    fn what_the_declaration_names_is_in_the_template() {
        let resources = template::resources();
        let resources = resources.iter().flat_map(|(_, chapter)| chapter).map(|(id, _)| id.as_str());
        let parameters = parameters::GROUPS.iter().flat_map(|group| group.parameters).map(|parameter| parameter.name);
        let known: BTreeSet<&str> = resources.chain(parameters).collect();
        let declared = views::declared();
        let of_alarms = declared.alarms.iter().flat_map(|alarm| alarm.dimensions.values());
        let metrics = declared.dashboard.graphs.iter().flat_map(|graph| &graph.metrics);
        for value in of_alarms.chain(metrics.flat_map(|metric| metric.dimensions.values())) {
            match Reference::of(value).unwrap() {
                Reference::Text(_) => {}
                Reference::Name(name) | Reference::Attribute(name, _) => assert!(known.contains(name), "{value}"),
            }
        }
    }

    #[test]
    fn logs_are_kept_as_long_as_is_declared_and_only_for_periods_that_exist() {
        let all = parameters::GROUPS.iter().flat_map(|group| group.parameters);
        let parameter = all.into_iter().find(|parameter| parameter.name == "LogRetentionDays").unwrap();
        let declared = views::declared().logs.retention_days.to_string();
        assert_eq!(parameter.default, Some(declared.as_str()));
        let Check::OneOf(values) = parameter.check else { panic!("it is one of a list") };
        assert_eq!(values.to_vec(), RETENTION_DAYS.map(|days| days.to_string()));
    }
}
