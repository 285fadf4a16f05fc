//! Whether parameters of a stack fit one another. Most of it a template cannot tell, which neither compares nor multiplies; the
//! rest stands in its rules, which not everything that takes templates obeys.

use std::collections::BTreeMap;

use aurora_restore_app::config::{self, StackBounds};
use aurora_restore_ops::{TemplateParameters, ports::Stack};
use jiff::SignedDuration;

use super::material::TEMPLATE;
use crate::{error::CommandError, ui::Ui};

/// The events that Step Functions keeps of one execution, which it ends after them; and those of one look at RDS.
const EVENTS_MAX: i64 = 25_000;
const EVENTS_OF_LOOK: i64 = 9;

/// So many keys fit into the policy of the role that uses most, beside two roles that may be passed and the longest names of a
/// stack and of AWS's Regions.
const KEYS_THAT_FIT: usize = 6;

/// Refuses what would cut restores off, forget journals before states, or have functions that reach nothing; warns of what may.
pub(super) fn check(
    ui: &Ui,
    given: &BTreeMap<String, String>,
    found: Option<&Stack>,
    region: &str,
) -> Result<(), CommandError> {
    let template = TemplateParameters::of(TEMPLATE);
    let value = |name: &str| {
        let of_stack = || found.and_then(|stack| stack.parameters.get(name)).map(String::as_str);
        given.get(name).map(String::as_str).or_else(of_stack).or_else(|| template.default(name)).unwrap_or_default()
    };
    network(&value)?;
    for host in endpoints(&value)? {
        ui.warning(format_args!(
            "functions speak http to {host}: credentials and secrets cross the network in the clear"
        ));
    }
    if let Some(warning) = keys(value("KmsKeyArns")) {
        ui.warning(&warning);
    }
    if let Some(warning) = sweeps(value("SweepExpression"), value("SweepPeriod")) {
        ui.warning(&warning);
    }
    let number = |name: &str| value(name).parse::<i64>().ok();
    let bounds = config::bounds_on_stack(value("Configuration"), region);
    if let (Some(states), Some(entries)) = (number("StateRetentionDays"), number("AuditRetentionDays")) {
        retentions(states, entries)?;
        bounds.map_or(Ok(()), |bounds| outlived(entries, bounds))?;
    }
    let Some(hours) = number("RestoreTimeoutHours") else { return Ok(()) };
    bounds.map_or(Ok(()), |bounds| time_out(hours, bounds.restore))?;
    let poll = value("PollInterval").strip_suffix('s').and_then(|secs| secs.parse().ok());
    if let Some(warning) = poll.and_then(|poll| events(hours, poll)) {
        ui.warning(&warning);
    }
    Ok(())
}

/// IAM counts the characters of a role's policies, where each key stands twice.
fn keys(arns: &str) -> Option<String> {
    let keys = listed(arns).count();
    (keys > KEYS_THAT_FIT).then(|| {
        format!(
            "KmsKeyArns names {keys} keys: IAM may refuse the policy of the way back, which has 10,240 characters at most"
        )
    })
}

/// The entries of a list with commas.
fn listed(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

/// Lambda takes subnets with security groups only, and security groups alone say nothing.
fn network<'v>(value: &impl Fn(&str) -> &'v str) -> Result<(), CommandError> {
    let is_given = |list: &str| listed(value(list)).next().is_some();
    let (lacking, given, hint) = match (is_given("SubnetIds"), is_given("SecurityGroupIds")) {
        (true, false) => {
            ("SecurityGroupIds", "SubnetIds", "Lambda puts no function into a subnet without a security group.")
        }
        (false, true) => {
            ("SubnetIds", "SecurityGroupIds", "Without subnets the functions are in no VPC, and in no security group.")
        }
        (true, true) | (false, false) => return Ok(()),
    };
    Err(CommandError::usage(format!("{given} needs {lacking}")).hint(hint).hint(format!(
        "Give `--parameter {lacking}=…`, too, or `--parameter {given}=` for functions outside of any VPC. Nothing was changed."
    )))
}

/// The hosts to which the functions will speak `http`.
fn endpoints<'v>(value: &impl Fn(&str) -> &'v str) -> Result<Vec<String>, CommandError> {
    let endpoints = ["ServiceEndpoint", "RdsEndpoint", "StsEndpoint"].map(|name| (name, value(name)));
    config::endpoints_on_stack(value("HttpHosts"), &endpoints).map_err(|problem| {
        let refused = CommandError::usage(problem.message);
        problem.hint.into_iter().fold(refused, CommandError::hint).hint("Nothing was changed.")
    })
}

fn retentions(states: i64, entries: i64) -> Result<(), CommandError> {
    if entries >= states {
        return Ok(());
    }
    let told = format!("AuditRetentionDays={entries} is shorter than StateRetentionDays={states}");
    Err(CommandError::usage(told)
        .hint("An operation would be kept whose journal is gone. Keep entries as long as states, or longer."))
}

/// Ending an old cluster takes the journal from its first entry.
fn outlived(entries: i64, bounds: StackBounds) -> Result<(), CommandError> {
    let needed = bounds.restore.saturating_add(bounds.retain_old);
    if SignedDuration::from_hours(24 * entries) > needed {
        return Ok(());
    }
    let days = needed.as_hours() / 24 + 1;
    let told = format!(
        "AuditRetentionDays={entries} is not more than the bounds of a restore and `retirement.retain-old` together, which are {} hours",
        needed.as_hours()
    );
    Err(CommandError::usage(told).hint(format!(
        "An old cluster whose journal is gone can neither be ended nor be brought back. Give `--parameter AuditRetentionDays=` at \
         least {days}, or keep old clusters for a shorter time. Nothing was changed."
    )))
}

/// What is found is told once, by the sweep within whose period it was found: what none of them counts as news is never told.
fn sweeps(expression: &str, period: &str) -> Option<String> {
    let rate = expression.strip_prefix("rate(")?.strip_suffix(')')?;
    let (number, unit) = rate.split_once(' ')?;
    let minutes = match unit.trim_end_matches('s') {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => return None,
    };
    let between = number.parse::<i64>().ok()?.checked_mul(minutes)?;
    let hours: i64 = period.strip_suffix('h')?.parse().ok()?;
    (between > hours * 60).then(|| {
        let needed = between.div_euclid(60) + i64::from(between.rem_euclid(60) > 0);
        format!(
            "SweepExpression={expression} lets more time pass than SweepPeriod={period}: what is found between is not told. Give \
             `--parameter SweepPeriod={needed}h`, too"
        )
    })
}

fn time_out(hours: i64, bounds: SignedDuration) -> Result<(), CommandError> {
    if SignedDuration::from_hours(hours) > bounds {
        return Ok(());
    }
    let needed = bounds.as_hours() + 1;
    let told = format!(
        "RestoreTimeoutHours={hours} is not more than the bounds of a restore together, which are {} hours with the way back",
        bounds.as_hours()
    );
    Err(CommandError::usage(told).hint(format!(
        "An execution that ends before the bounds do leaves its operation where it stands. Give `--parameter \
         RestoreTimeoutHours=` at least {needed}, or shorter `limits` in the configuration."
    )))
}

/// What may end an execution sooner than its hours. Only an execution that lasts so long is ended so.
fn events(hours: i64, poll_secs: i64) -> Option<String> {
    let needed = hours * 3600 * EVENTS_OF_LOOK / EVENTS_MAX + 1;
    let reached = EVENTS_MAX / EVENTS_OF_LOOK * poll_secs / 3600;
    let reached = if reached == 0 { "less than an hour".to_owned() } else { format!("some {reached} hours") };
    (poll_secs < needed).then(|| {
        format!(
            "with a look every {poll_secs} s Step Functions ends an execution after {reached} ({EVENTS_MAX} events), \
             sooner than RestoreTimeoutHours={hours}: for restores that take so long give `--parameter PollInterval={needed}s`"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_fit_one_another() {
        let template = TemplateParameters::of(TEMPLATE);
        let number =
            |name: &str| template.default(name).and_then(|text| text.trim_end_matches('s').parse::<i64>().ok());
        let hours = number("RestoreTimeoutHours").unwrap();
        let bounds = config::bounds_on_stack(template.default("Configuration").unwrap(), "eu-central-1").unwrap();
        assert!(time_out(hours, bounds.restore).is_ok(), "{hours} {bounds:?}");
        assert!(outlived(number("AuditRetentionDays").unwrap(), bounds).is_ok(), "{bounds:?}");
        assert_eq!(
            sweeps(template.default("SweepExpression").unwrap(), template.default("SweepPeriod").unwrap()),
            None
        );
        assert_eq!(events(hours, number("PollInterval").unwrap()), None);
        assert!(retentions(number("StateRetentionDays").unwrap(), number("AuditRetentionDays").unwrap()).is_ok());
    }

    #[test]
    fn an_old_cluster_is_not_kept_longer_than_its_journal() {
        let bounds = |days: i64| StackBounds {
            restore: SignedDuration::from_hours(70),
            retain_old: SignedDuration::from_hours(24 * days),
        };
        assert!(outlived(30, bounds(27)).is_ok());
        let refused = format!("{:?}", outlived(30, bounds(45)).unwrap_err());
        assert!(refused.contains("AuditRetentionDays=30 is not more than"), "{refused}");
        assert!(refused.contains("AuditRetentionDays=` at least 48"), "{refused}");
    }

    #[test]
    fn sweeps_that_are_rarer_than_their_period_are_warned_of() {
        let rare = sweeps("rate(7 days)", "24h").unwrap();
        assert!(rare.ends_with("`--parameter SweepPeriod=168h`, too"), "{rare}");
        assert!(sweeps("rate(90 minutes)", "1h").unwrap().contains("SweepPeriod=2h"));
        for (expression, period) in [("rate(7 days)", "168h"), ("rate(1 hour)", "1h"), ("cron(0 2 * * ? *)", "24h")] {
            assert_eq!(sweeps(expression, period), None, "{expression}");
        }
    }

    #[test]
    fn functions_are_in_subnets_and_security_groups_or_in_neither() {
        let told = |subnets: &'static str, groups: &'static str| {
            let value = move |name: &str| if name == "SubnetIds" { subnets } else { groups };
            network(&value).map_err(|error| format!("{error:?}"))
        };
        assert!(told("subnet-1", "").unwrap_err().contains("SubnetIds needs SecurityGroupIds"));
        assert!(told("", "sg-1,sg-2").unwrap_err().contains("SecurityGroupIds needs SubnetIds"));
        assert!(told("", "").is_ok() && told("subnet-1,subnet-2", "sg-1").is_ok());
    }

    #[test]
    fn more_keys_than_fit_are_warned_of() {
        assert_eq!((keys(""), keys("a, b,c,d,e,f,")), (None, None));
        assert!(keys("a,b,c,d,e,f,g").is_some_and(|warning| warning.contains("names 7 keys")));
    }

    #[test]
    fn http_is_for_the_hosts_that_are_named() {
        let told = |hosts: &'static str, url: &'static str| {
            let value = move |name: &str| match name {
                "HttpHosts" => hosts,
                "RdsEndpoint" => url,
                _ => "",
            };
            endpoints(&value).map_err(|error| format!("{error:?}"))
        };
        let refused = told("", "http://emulator:4566").unwrap_err();
        assert!(refused.contains("RdsEndpoint: the endpoint `http://emulator:4566/` cannot be used"), "{refused}");
        assert!(refused.contains("`--parameter HttpHosts=emulator`"), "{refused}");
        assert_eq!(told("other, emulator", "http://emulator:4566"), Ok(vec!["emulator".to_owned()]));
        assert_eq!(told("emulator", "https://rds.example.com"), Ok(Vec::new()));
        assert_eq!(told("", "http://localhost:4566"), Ok(Vec::new()));
        assert!(
            told("rds.eu-west-1.amazonaws.com", "").unwrap_err().contains("HttpHosts: `rds.eu-west-1.amazonaws.com`")
        );
    }

    #[test]
    fn what_would_cut_a_restore_off_is_refused_with_what_it_takes() {
        let refused = format!("{:?}", time_out(72, SignedDuration::from_hours(72)).unwrap_err());
        assert!(refused.contains("RestoreTimeoutHours=72 is not more than"), "{refused}");
        assert!(time_out(73, SignedDuration::from_hours(72)).is_ok());
        assert!(retentions(90, 89).is_err() && retentions(90, 90).is_ok());
        let warning = events(96, 100).unwrap();
        assert!(warning.contains("after some 77 hours") && warning.ends_with("PollInterval=125s`"), "{warning}");
        assert_eq!(events(96, 125), None);
    }
}
