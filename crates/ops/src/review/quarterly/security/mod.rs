//! `security`: whether what keeps records, notices, code and passwords is guarded as the stack's template has it made, whether
//! its keys hold, and whether what was restored is encrypted and nobody's on the internet.

mod clusters;
mod keys;

use futures_util::{StreamExt as _, stream};
use jiff::SignedDuration;

use super::{
    super::{
        NamedSecret,
        check::{Check, Period},
        finding::{Finding, Seen, counted},
        site::{Deployed, Site},
    },
    policy,
};
use crate::{
    Level, Reach, Unlooked,
    follow::patiently,
    ports::{LogGuard, Safeguards, SecretGuard, ServiceResult, TableGuard, TopicGuard},
};

/// The check.
pub(in crate::review) const CHECK: Check = Check {
    name: "security",
    period: Period::Quarterly,
    about: "tables, topics, logs, the bucket and the secrets that are not encrypted, open to others, without recovery, or too \
            old; keys that are disabled, going, not rotated or open; clusters in the clear and instances on the internet",
    permissions: &[
        "dynamodb:DescribeTable",
        "dynamodb:DescribeContinuousBackups",
        "sns:GetTopicAttributes",
        "logs:DescribeLogGroups",
        "s3:GetBucketPublicAccessBlock",
        "secretsmanager:DescribeSecret",
        "ssm:GetParameter",
        "cloudformation:ListStackResources",
        "kms:DescribeKey",
        "kms:GetKeyRotationStatus",
        "kms:GetKeyPolicy",
        "rds:DescribeDBClusters",
        "rds:DescribeDBInstances",
    ],
    look: |site| Box::pin(look(site)),
};

/// A password that is older should be another one.
const SECRET_OLD_AFTER: SignedDuration = SignedDuration::from_hours(24 * 180);
/// So many things are asked about at once.
const AT_ONCE: usize = 4;

/// A thing that is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thing<'a> {
    Table(&'a str),
    Topic(&'a str),
    Log(&'a str),
    Bucket(&'a str),
    Secret(&'a NamedSecret),
}

impl Thing<'_> {
    /// What it is, and its name.
    fn describe(self) -> String {
        match self {
            Self::Table(name) => format!("table {name}"),
            Self::Topic(name) => format!("topic {}", name.rsplit(':').next().unwrap_or(name)),
            Self::Log(name) => format!("log group {name}"),
            Self::Bucket(name) => format!("bucket {name}"),
            Self::Secret(NamedSecret { id, .. }) => format!("secret {id}"),
        }
    }
}

/// Each part is looked at by itself: a laptop has clusters and no stack, and what keeps one from being seen keeps nobody from
/// the others.
async fn look(site: &Site<'_>) -> Reach<Result<Seen, Unlooked>> {
    let things = site.safeguards.as_ref().and(site.deployed.as_ref());
    let things = things.then(|(safeguards, deployed)| audit(site, *safeguards, deployed)).await;
    let parts = [
        ("the things of the stack", things),
        ("the keys", keys::look(site).await),
        ("the clusters", clusters::look(site).await),
    ];
    let (mut all, mut unreached, mut absent) = (Vec::new(), Vec::new(), None);
    for (name, part) in parts {
        match part {
            Reach::There(seen) => all.push(seen),
            Reach::Unreachable(why) => unreached.push((name, why)),
            Reach::NotHere(reason) => absent = absent.or(Some(reason)),
        }
    }
    if all.is_empty() {
        return match (unreached.into_iter().next(), absent) {
            (Some((_, why)), _) => Reach::Unreachable(why),
            (None, reason) => Reach::NotHere(reason.unwrap_or_default()),
        };
    }
    let looked_at = all.iter().map(|seen| seen.looked_at.as_str()).collect::<Vec<_>>().join(", ");
    let mut findings: Vec<Finding> = unreached.into_iter().map(|(name, why)| of_part(name, why)).collect();
    findings.extend(all.into_iter().flat_map(|seen| seen.findings));
    Reach::There(Ok(Seen { looked_at, findings }))
}

/// That a part could not be looked at.
fn of_part(name: &str, why: Unlooked) -> Finding {
    let mut finding = why.finding();
    finding.what = format!("{name} {}", finding.what);
    finding
}

async fn audit(site: &Site<'_>, safeguards: &dyn Safeguards, deployed: &Deployed) -> Seen {
    let mut findings = Vec::new();
    let secrets = match site.configuration.as_ref() {
        Reach::There(configuration) => match configuration.configuration().await {
            Ok(found) => found.map(|found| found.secrets).unwrap_or_default(),
            Err(why) => {
                findings.push(of_part("the secrets", why));
                Vec::new()
            }
        },
        Reach::NotHere(_) => Vec::new(),
        Reach::Unreachable(why) => {
            findings.push(of_part("the secrets", why));
            Vec::new()
        }
    };
    let bucket = deployed.stack.parameters.get("CodeBucket").filter(|name| !name.is_empty());
    let mut things: Vec<Thing<'_>> = deployed.names("AWS::DynamoDB::Table").map(Thing::Table).collect();
    things.extend(deployed.names("AWS::SNS::Topic").map(Thing::Topic));
    things.extend(deployed.names("AWS::Logs::LogGroup").map(Thing::Log));
    things.extend(bucket.map(|name| Thing::Bucket(name)));
    things.extend(secrets.iter().map(Thing::Secret));
    let looks: Vec<_> = things.iter().map(|thing| of(site, safeguards, *thing)).collect();
    let found: Vec<Vec<Finding>> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    findings.extend(found.into_iter().flatten());
    Seen { looked_at: format!("{} of stack {}", counted(things.len(), "thing"), deployed.stack.name), findings }
}

/// What is wrong with a thing. That it cannot be asked about keeps nobody from the others.
async fn of(site: &Site<'_>, safeguards: &dyn Safeguards, thing: Thing<'_>) -> Vec<Finding> {
    let asked: ServiceResult<Option<Vec<Finding>>> = match thing {
        Thing::Table(name) => {
            patiently(|| safeguards.table(name)).await.map(|guard| guard.map(|guard| of_table(name, &guard)))
        }
        Thing::Topic(name) => {
            patiently(|| safeguards.topic(name)).await.map(|guard| guard.map(|guard| of_topic(site, name, &guard)))
        }
        Thing::Log(name) => {
            patiently(|| safeguards.log(name)).await.map(|guard| guard.map(|guard| of_log(site, name, &guard)))
        }
        Thing::Bucket(name) => patiently(|| safeguards.bucket(name))
            .await
            .map(|guard| guard.map(|guard| if guard.public_is_refused { Vec::new() } else { vec![open_bucket(name)] })),
        Thing::Secret(secret) => {
            let guard = patiently(|| safeguards.secret(&secret.id)).await;
            guard.map(|guard| guard.map(|guard| of_secret(site, secret, &guard)))
        }
    };
    match asked {
        Ok(Some(findings)) => findings,
        Ok(None) => {
            let what = format!("{} does not exist", thing.describe());
            let mend = match thing {
                Thing::Secret(NamedSecret { id, .. }) => {
                    format!("aws secretsmanager create-secret --name {id} --secret-string file://SECRET.json")
                }
                Thing::Table(_) | Thing::Topic(_) | Thing::Log(_) | Thing::Bucket(_) => site.command("stack status"),
            };
            vec![Finding::new(Level::Error, what, mend)]
        }
        Err(error) => {
            let mut finding = Unlooked::from(error).finding();
            finding.what = format!("{} {}", thing.describe(), finding.what);
            vec![finding]
        }
    }
}

fn of_table(name: &str, guard: &TableGuard) -> Vec<Finding> {
    let mut findings = Vec::new();
    if guard.key.is_none() {
        let mend = format!(
            "aws dynamodb update-table --table-name {name} --sse-specification Enabled=true,SSEType=KMS,KMSMasterKeyId=KEY"
        );
        let what = format!("table {name} is not encrypted with a key of this account");
        findings.push(Finding::new(Level::Warning, what, mend));
    }
    if !guard.point_in_time {
        let mend = format!(
            "aws dynamodb update-continuous-backups --table-name {name} \
             --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
        );
        findings.push(Finding::new(
            Level::Error,
            format!("table {name} cannot be brought back to an earlier moment"),
            mend,
        ));
    }
    findings
}

fn of_topic(site: &Site<'_>, arn: &str, guard: &TopicGuard) -> Vec<Finding> {
    let name = arn.rsplit(':').next().unwrap_or(arn);
    let deploy = site.command("stack deploy");
    let mut findings = Vec::new();
    if guard.key.is_none() {
        let what = format!("topic {name} is not encrypted");
        let mend = format!(
            "aws sns set-topic-attributes --topic-arn {arn} --attribute-name KmsMasterKeyId --attribute-value KEY"
        );
        findings.push(Finding::new(Level::Warning, what, mend));
    }
    let policy = policy::judge(guard.policy.as_deref().unwrap_or_default());
    if let Some(open) = policy.open_to_all {
        let what = format!("topic {name} is open to everybody");
        findings.push(Finding::new(Level::Error, what, &*deploy).with("statement", open));
    }
    if !policy.refuses_clear_text {
        let what = format!("topic {name} takes what is sent in the clear");
        findings.push(Finding::new(Level::Warning, what, &*deploy));
    }
    findings
}

fn of_log(site: &Site<'_>, group: &str, guard: &LogGuard) -> Vec<Finding> {
    let mut findings = Vec::new();
    if guard.retention_days.is_none() {
        let what = format!("log group {group} keeps its lines for ever");
        let mend = format!("aws logs put-retention-policy --log-group-name {group} --retention-in-days 90");
        findings.push(Finding::new(Level::Warning, what, mend));
    }
    if guard.key.is_none() {
        let what = format!("log group {group} is not encrypted with a key of this account");
        findings.push(Finding::new(Level::Warning, what, site.command("stack deploy")));
    }
    findings
}

fn open_bucket(name: &str) -> Finding {
    let mend = format!(
        "aws s3api put-public-access-block --bucket {name} --public-access-block-configuration \
         BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
    );
    Finding::new(Level::Error, format!("bucket {name} with the functions' code can be made public"), mend)
}

fn of_secret(site: &Site<'_>, secret: &NamedSecret, guard: &SecretGuard) -> Vec<Finding> {
    let old = guard.changed_at.filter(|at| site.now.duration_since(*at) > SECRET_OLD_AFTER && !guard.rotates);
    let finding = |at| {
        let id = &secret.id;
        let what = format!("secret {id} was not changed for half a year");
        // Whoever only writes the secret anew locks out everybody who reads it: the database has to learn it, too.
        let mend = if secret.is_of_target {
            site.command(&format!("secrets rotate {id}"))
        } else {
            format!("aws secretsmanager describe-secret --secret-id {id}  # rotated where its cluster is the target")
        };
        Finding::new(Level::Warning, what, mend).with("changed", at)
    };
    old.map(finding).into_iter().collect()
}
