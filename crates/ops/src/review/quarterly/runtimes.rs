//! `runtimes`: versions of engines and of the functions' runtimes whose support ends.
//!
//! A runtime is that of the version which serves, and beside it the one that the stack gives its functions next: after a rollback the two
//! differ. Where functions cannot be asked, the stack's own word is all there is, and that they could not is told.

use std::collections::{BTreeMap, BTreeSet};

use aurora_restore_core::{
    ports::{Cloud, Location},
    steps::OPERATION_TAG,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    super::{
        check::{Check, Period},
        finding::{Finding, Seen, counted},
        serving::{Serving, not_asked, serving},
        site::{Deployed, Site},
    },
    support::Support,
};
use crate::{Level, Reach, Unlooked};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "runtimes",
    period: Period::Quarterly,
    about: "engines of restored clusters and runtimes of functions whose support ends within half a year, and a table of \
            ends that is too old to rely on",
    permissions: &[
        "rds:DescribeDBClusters",
        "cloudformation:GetTemplate",
        "cloudformation:ListStackResources",
        "lambda:GetFunctionConfiguration",
        "lambda:GetAlias",
    ],
    look: |site| Box::pin(look(site)),
};

/// An end is told so many days before.
const AHEAD_DAYS: i32 = 180;
/// A table that is older is not to be relied on.
const TABLE_DAYS_MAX: i32 = 180;

/// A version that is used, and by what.
type Used = BTreeMap<(String, String), BTreeSet<String>>;

async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    // The functions of a stack and its clusters are looked at each by itself: a laptop has the one and not the other.
    match (site.rds.as_ref(), site.deployed.as_ref()) {
        (Reach::NotHere(reason), Reach::NotHere(_)) => Reach::NotHere(reason),
        (Reach::Unreachable(why), _) | (_, Reach::Unreachable(why)) => Reach::Unreachable(why),
        (rds, deployed) => {
            let mut used = Used::new();
            let mut not_asked = Vec::new();
            if let Reach::There(deployed) = deployed {
                not_asked = functions(site, deployed, &mut used).await;
                let of_parameter = deployed.stack.parameters.get("Runtime").map(String::as_str);
                given(of_parameter, &deployed.template, &mut used);
            }
            if let Reach::There((cloud, location)) = rds
                && let Err(why) = clusters(*cloud, location, &mut used).await
            {
                return Reach::There(Err(why));
            }
            let mut seen = judge(&Support::shipped(), &used, site.now);
            seen.findings.extend(not_asked);
            Reach::There(Ok(seen))
        }
    }
}

/// What the functions serve on. Gives what is to be told of those that cannot be asked about; that one is not there is told by
/// `functions` every month.
async fn functions(site: &Site<'_>, deployed: &Deployed, used: &mut Used) -> Vec<Finding> {
    let functions = match site.functions.as_ref() {
        Reach::There(functions) => *functions,
        Reach::NotHere(_) => return Vec::new(),
        Reach::Unreachable(why) => {
            let finding = why.finding();
            return vec![Finding { what: format!("the functions {}", finding.what), ..finding }];
        }
    };
    let mut findings = Vec::new();
    for (name, found) in serving(functions, deployed).await {
        match found {
            Ok(Some(Serving { live, .. })) => {
                used.entry(("lambda".to_owned(), live.runtime)).or_default().insert(name.to_owned());
            }
            Ok(None) => {}
            Err(error) => findings.push(not_asked(name, error)),
        }
    }
    findings
}

/// What the stack gives its functions, where none serves on it: by its parameter. The template of an older version of this product
/// has it line by line.
fn given(of_parameter: Option<&str>, template: &str, used: &mut Used) {
    let of_lines = template.lines().filter_map(|line| line.trim().strip_prefix("Runtime:"));
    let named = of_lines.map(|text| text.trim().trim_matches('"')).filter(|text| !text.starts_with('!'));
    for runtime in of_parameter.into_iter().chain(named).filter(|runtime| !runtime.is_empty()) {
        let version = ("lambda".to_owned(), runtime.to_owned());
        used.entry(version).or_insert_with(|| BTreeSet::from(["the functions of the stack".to_owned()]));
    }
}

/// The engines of the clusters that bear our tag.
async fn clusters(cloud: &dyn Cloud, location: &Location, used: &mut Used) -> Result<(), Unlooked> {
    let found = cloud.rds(location).clusters().await;
    let found =
        found.map_err(|error| Unlooked { reason: error.to_string(), mend: "aurora-restore doctor".to_owned() })?;
    for cluster in found.into_iter().filter(|cluster| cluster.tags.contains_key(OPERATION_TAG)) {
        let version = (cluster.engine.clone(), cluster.engine_version.clone());
        used.entry(version).or_default().insert(cluster.id.to_string());
    }
    Ok(())
}

fn judge(support: &Support, used: &Used, now: Timestamp) -> Seen {
    let today = now.to_zoned(TimeZone::UTC).date();
    let days_until = |day: Date| (day - today).get_days();
    let mut findings = Vec::new();
    for ((product, version), by) in used {
        let names = by.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let finding = match support.ends(product, version) {
            None => Finding::new(
                Level::Note,
                format!("when support of {product} {version} ends is not in the table"),
                describe(product),
            ),
            Some(ends) if days_until(ends) <= 0 => {
                Finding::new(Level::Error, format!("support of {product} {version} has ended"), upgrade(product, by))
                    .with("ended", ends)
            }
            Some(ends) if days_until(ends) <= AHEAD_DAYS => {
                Finding::new(Level::Warning, format!("support of {product} {version} ends soon"), upgrade(product, by))
                    .with("ends", ends)
                    .with("days left", days_until(ends))
            }
            Some(_) => continue,
        };
        findings.push(finding.with("used by", format!("{} ({names})", by.len())));
    }
    if (today - support.as_of).get_days() > TABLE_DAYS_MAX {
        let what = "the table of ends of support is older than half a year";
        let finding = Finding::new(Level::Warning, what, "aurora-restore --version  # install a newer one");
        findings.push(finding.with("written", support.as_of).with("from", support.sources.join("; ")));
    }
    let looked_at = format!("{}, by the table of {} ({})", counted(used.len(), "version"), support.as_of, support.note);
    Seen { looked_at, findings }
}

fn describe(product: &str) -> String {
    if product == "lambda" {
        return "aws lambda list-functions --query 'Functions[].[FunctionName,Runtime]'".to_owned();
    }
    format!("aws rds describe-db-major-engine-versions --engine {product}")
}

fn upgrade(product: &str, by: &BTreeSet<String>) -> String {
    if product == "lambda" {
        return "aurora-restore stack deploy".to_owned();
    }
    let cluster = by.first().map_or("CLUSTER", String::as_str);
    format!(
        "aws rds modify-db-cluster --db-cluster-identifier {cluster} --engine-version VERSION --allow-major-version-upgrade"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(versions: &[(&str, &str)], now: &str) -> Vec<(Level, String)> {
        let one = |(product, version): &(&str, &str)| {
            (((*product).to_owned(), (*version).to_owned()), BTreeSet::from(["staging".to_owned()]))
        };
        let used: Used = versions.iter().map(one).collect();
        let seen = judge(&Support::shipped(), &used, now.parse().unwrap());
        seen.findings.into_iter().map(|finding| (finding.level, finding.what)).collect()
    }

    #[test]
    fn an_end_is_told_half_a_year_before_and_an_old_table_is_told_itself() {
        let now = "2026-11-22T10:00:00Z";
        assert_eq!(levels(&[("aurora-postgresql", "16.4"), ("lambda", "provided.al2023")], now), []);
        let found = levels(&[("aurora-postgresql", "13.9"), ("aurora-postgresql", "14.9"), ("oracle", "19")], now);
        let expected = [
            (Level::Error, "support of aurora-postgresql 13.9 has ended".to_owned()),
            (Level::Warning, "support of aurora-postgresql 14.9 ends soon".to_owned()),
            (Level::Note, "when support of oracle 19 ends is not in the table".to_owned()),
        ];
        assert_eq!(found, expected);
        let later = levels(&[], "2027-06-01T00:00:00Z");
        assert_eq!(later, [(Level::Warning, "the table of ends of support is older than half a year".to_owned())]);
    }

    #[test]
    fn runtimes_are_read_from_the_parameter_and_the_template() {
        let mut used = Used::new();
        given(
            Some("provided.al9"),
            "      Runtime: provided.al2023\n      Runtime: \"provided.al2\"\n      Runtime: !Ref X\n",
            &mut used,
        );
        let versions: Vec<&str> = used.keys().map(|(_, version)| version.as_str()).collect();
        assert_eq!(versions, ["provided.al2", "provided.al2023", "provided.al9"]);
        // What serves on one is named, and the stack beside it is not.
        let al2 = ("lambda".to_owned(), "provided.al2".to_owned());
        let mut used = Used::from([(al2.clone(), BTreeSet::from(["ours-undo".to_owned()]))]);
        given(Some("provided.al2"), "", &mut used);
        assert_eq!(used, Used::from([(al2, BTreeSet::from(["ours-undo".to_owned()]))]));
    }
}
