//! What a template says of one parameter, and whether a value fits.

use regex_lite::Regex;

/// The most characters of a value that is told again.
const TOLD_CHARS_MAX: usize = 60;

/// What a template says of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Form {
    pub(super) default: Option<String>,
    /// Whether the service shows nobody its value.
    pub(super) is_secret: bool,
    /// Whether the value is a list with commas, each member of which has to fit.
    is_list: bool,
    /// Only these, if there are any.
    values: Vec<String>,
    least: Option<i64>,
    most: Option<i64>,
    pattern: Option<String>,
    /// The rule in words.
    rule: Option<String>,
}

impl Form {
    /// Learns a property. One that says nothing about values is passed over.
    pub(super) fn learn(&mut self, property: &str, value: &str) {
        let value = scalar(value);
        match property {
            "Default" => self.default = Some(value),
            "NoEcho" => self.is_secret = value == "true",
            "Type" => self.is_list = value == "CommaDelimitedList",
            "MinValue" => self.least = value.parse().ok(),
            "MaxValue" => self.most = value.parse().ok(),
            "AllowedPattern" => self.pattern = Some(value),
            "ConstraintDescription" => self.rule = Some(value),
            _ => {}
        }
    }

    /// Learns a member of the only list that a parameter has: the values that are allowed.
    pub(super) fn learn_member(&mut self, line: &str) {
        self.values.extend(line.strip_prefix("- ").map(scalar));
    }

    /// Why a value is not taken.
    pub(super) fn refusal(&self, value: &str) -> Option<String> {
        let members: Vec<&str> = if self.is_list { value.split(',').map(str::trim).collect() } else { vec![value] };
        let unfit = members.into_iter().find(|member| !self.fits(member))?;
        let shown: String = unfit.chars().take(TOLD_CHARS_MAX).collect();
        Some(format!("`{shown}` is not taken: {}", self.rule()))
    }

    fn fits(&self, value: &str) -> bool {
        let is_listed = self.values.is_empty() || self.values.iter().any(|allowed| allowed == value);
        let is_within = match (self.least, self.most) {
            (None, None) => true,
            (least, most) => value.parse::<i64>().is_ok_and(|number| {
                least.is_none_or(|least| least <= number) && most.is_none_or(|most| number <= most)
            }),
        };
        // A pattern that cannot be read here is left to CloudFormation.
        let pattern = self.pattern.as_deref().and_then(|pattern| Regex::new(pattern).ok());
        is_listed && is_within && pattern.is_none_or(|pattern| pattern.is_match(value))
    }

    fn rule(&self) -> String {
        match (&self.rule, &self.pattern) {
            (Some(rule), _) => rule.clone(),
            (None, _) if !self.values.is_empty() => format!("one of {}", self.values.join(", ")),
            (None, Some(pattern)) => format!("it must match {pattern}"),
            (None, None) => "a whole number within its bounds".to_owned(),
        }
    }
}

/// A value on one line: in double quotes, which YAML escapes as JSON does, in single ones, or bare.
fn scalar(text: &str) -> String {
    let text = text.trim();
    if let Ok(unquoted) = serde_json::from_str::<String>(text) {
        return unquoted;
    }
    let inside = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    inside.map_or_else(|| text.to_owned(), |inside| inside.replace("''", "'"))
}

#[cfg(test)]
mod tests {
    use super::super::TemplateParameters;

    /// The template that is deployed.
    const TEMPLATE: &str = include_str!("../../../../cloudformation/aurora-restore-pipeline.yaml");

    #[track_caller]
    fn refused(name: &str, value: &str, told: &str) {
        let error = TemplateParameters::of(TEMPLATE).accept(name, value).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }

    #[test]
    fn a_value_that_the_template_does_not_take_is_refused_with_the_rule() {
        refused("MemorySize", "64", "parameter MemorySize: `64` is not taken: between 128 and 10240");
        refused("MemorySize", "10241", "between 128 and 10240");
        refused("MemorySize", "much", "between 128 and 10240");
        refused("LogRetentionDays", "91", "`91` is not taken");
        refused("CreateEndpoints", "maybe", "`maybe` is not taken");
        refused("PollInterval", "100", "`100` is not taken");
        refused("Environment", "Prod", "1 to 32 small letters");
        for url in ["ftp://emulator", "http://me:x@emulator", "http://emulator:4566/path", "http://"] {
            refused(
                "ServiceEndpoint",
                url,
                "a URL without a path (https; http on a loopback address or a host of HttpHosts",
            );
        }
        for hosts in ["http://emulator", "*", "a,,b", "emulator;other"] {
            refused("HttpHosts", hosts, "names or IP addresses of hosts, separated by commas");
        }
        refused("SubnetIds", "subnet-1,sg_2", "`sg_2` is not taken");
        refused("Configuration", "", "1 to 4096 characters of TOML");
        refused("Configuration", &"x".repeat(4_097), "1 to 4096 characters of TOML");
    }

    #[test]
    fn every_default_and_what_the_template_takes_is_taken() {
        let known = TemplateParameters::of(TEMPLATE);
        for name in known.names() {
            if let Some(default) = known.default(name) {
                assert_eq!(known.accept(name, default), Ok(()), "{name}={default}");
            }
        }
        for (name, value) in [
            ("SubnetIds", "subnet-0a1b, subnet-2c3d"),
            ("ServiceEndpoint", "http://emulator:4566"),
            ("RdsEndpoint", "https://rds.example.com/"),
            ("StsEndpoint", "http://[fd00::1]:4566"),
            ("HttpHosts", "emulator, 10.0.0.1,fd00::1"),
            ("TargetClusters", "staging*"),
            ("ScheduleExpression", "cron(0 2 * * ? *)"),
            ("Configuration", "[target]\ncluster = \"a\"\n"),
        ] {
            assert_eq!(known.accept(name, value), Ok(()), "{name}={value}");
        }
    }
}
