//! The part of the configuration that is the request.

use std::collections::{BTreeMap, BTreeSet};

use aurora_restore_core::{
    engine::longest,
    ids::{Arn, KmsKey, Region, SecretId},
    ports::{SchemaChoice, SnapshotAddress, SnapshotKind},
    request::{
        ArchivePolicy, CopyOptions, CopyRoute, FinalSnapshot, InstanceOptions, Limits, Request, Retirement, SecretRefs,
        Source, SourceSelector, Strategy, Target, UserOptions, VerificationOptions,
    },
    settings::{ClusterSettings, InstanceSettings, OUR_TAG_PREFIX, ServerlessScaling},
    verification::IntegrityDepth,
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use super::reader::Reader;

/// Reads the request. `now` says what "today" is.
pub(super) fn read(reader: &Reader<'_>, now: Timestamp) -> Option<Request> {
    // All parts are read before the first missing one ends it, so that everything that is wrong is told at once.
    let source = source(reader, now);
    let target = target(reader);
    let settings = cluster_settings(reader);
    let instances = instances(reader);
    let secrets = secrets(reader);
    let archive = archive(reader);
    let limits = limits(reader);
    let copy = copy(reader);
    let verification = verification(reader);
    let tags = tags(reader, "restore.tags");
    let retirement = retirement(reader, limits.as_ref());
    Some(Request {
        source: source?,
        target: target?,
        strategy: strategy(reader),
        copy,
        settings,
        instances,
        engine_version: reader.owned("restore.engine-version"),
        secrets: secrets?,
        users: users(reader),
        verification: verification?,
        archive: archive?,
        retirement: retirement?,
        tags: tags.unwrap_or_default(),
        limits: limits?,
    })
}

fn strategy(reader: &Reader<'_>) -> Strategy {
    match reader.text("restore.strategy") {
        Some("side-by-side") => Strategy::SideBySide,
        Some("replace") => Strategy::Replace,
        _ => Strategy::Swap,
    }
}

const SELECTORS: [&str; 5] =
    ["source.snapshot", "source.prefix", "source.latest-of", "source.point-in-time-of", "source.clone-of"];

fn source(reader: &Reader<'_>, now: Timestamp) -> Option<Source> {
    let selector = selector(reader, now)?;
    let of_arn = match &selector {
        SourceSelector::Snapshot(SnapshotAddress::Arn(arn)) => arn.region(),
        _ => None,
    };
    let given: Option<Region> = reader.parsed("source.region");
    if let (Some(given), Some(of_arn)) = (&given, &of_arn)
        && given != of_arn
    {
        let hint = "Leave it out: the ARN says it.".to_owned();
        reader.refuse("source.region", format_args!("the snapshot's ARN is of {of_arn}"), Some(hint));
    }
    let region = of_arn.or(given).or_else(|| reader.parsed("target.region"))?;
    Some(Source { region, selector })
}

fn selector(reader: &Reader<'_>, now: Timestamp) -> Option<SourceSelector> {
    let given: Vec<&str> = SELECTORS.into_iter().filter(|path| reader.has(path)).collect();
    let strays = [
        ("source.date", "source.prefix"),
        ("source.kinds", "source.latest-of"),
        ("source.time", "source.point-in-time-of"),
    ];
    for (stray, owner) in strays {
        if reader.has(stray) && !reader.has(owner) {
            let hint = format!("Remove it, or set `{owner}`, too.");
            reader.refuse(stray, format_args!("it goes with `{owner}` only"), Some(hint));
        }
    }
    let [one] = given.as_slice() else {
        let hint = format!("Set exactly one of {}.", SELECTORS.map(|path| format!("`{path}`")).join(", "));
        match given.as_slice() {
            [] => reader.refuse_whole("nothing says what to restore from", hint),
            [_, second, ..] => reader.refuse(second, format_args!("`{}` is set, too", given[0]), Some(hint)),
            [_] => {}
        }
        return None;
    };
    Some(match *one {
        "source.snapshot" => SourceSelector::Snapshot(snapshot(reader)?),
        "source.prefix" => {
            let prefix = reader.owned("source.prefix")?;
            SourceSelector::ByDate { prefix, date: date(reader, now)? }
        }
        "source.latest-of" => {
            SourceSelector::LatestOf { cluster: reader.parsed("source.latest-of")?, kinds: kinds(reader)? }
        }
        "source.point-in-time-of" => {
            let at = match reader.has("source.time") {
                true => Some(reader.parsed::<Timestamp>("source.time")?),
                false => None,
            };
            SourceSelector::PointInTime { cluster: reader.parsed("source.point-in-time-of")?, at }
        }
        _ => SourceSelector::Clone { cluster: reader.parsed("source.clone-of")? },
    })
}

fn snapshot(reader: &Reader<'_>) -> Option<SnapshotAddress> {
    let text = reader.text("source.snapshot")?;
    if !text.starts_with("arn:") {
        return Some(SnapshotAddress::Name(reader.parsed("source.snapshot")?));
    }
    let arn: Arn = reader.parsed("source.snapshot")?;
    if !arn.is_cluster_snapshot() {
        reader.refuse(
            "source.snapshot",
            format_args!("{arn} is not a cluster snapshot"),
            Some("Its ARN looks like arn:aws:rds:REGION:ACCOUNT:cluster-snapshot:NAME.".to_owned()),
        );
        return None;
    }
    Some(SnapshotAddress::Arn(arn))
}

fn date(reader: &Reader<'_>, now: Timestamp) -> Option<Date> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let hint =
        || Some("Give a day as YYYY-MM-DD, UTC, not later than today, or \"today\" or \"yesterday\".".to_owned());
    let date = match reader.text("source.date") {
        None => {
            reader.missing("source.date");
            return None;
        }
        Some("today") => today,
        Some("yesterday") => today.yesterday().ok()?,
        Some(text) => match text.parse::<Date>() {
            Ok(date) if text.len() == "2026-11-21".len() => date,
            Ok(_) | Err(_) => {
                reader.refuse("source.date", format_args!("there is no day `{text}`"), hint());
                return None;
            }
        },
    };
    if date > today {
        reader.refuse("source.date", format_args!("{date} lies in the future: today is {today} (UTC)"), hint());
        return None;
    }
    Some(date)
}

fn kinds(reader: &Reader<'_>) -> Option<Vec<SnapshotKind>> {
    let mut kinds = Vec::new();
    for word in reader.list("source.kinds").unwrap_or_default() {
        kinds.push(match word.as_str() {
            "manual" => SnapshotKind::Manual,
            "automated" => SnapshotKind::Automated,
            "shared" => SnapshotKind::Shared,
            other => {
                let reason = format!("\"{other}\" is not one of \"manual\", \"automated\", \"shared\"");
                reader.refuse("source.kinds", reason, None);
                return None;
            }
        });
    }
    Some(kinds)
}

fn target(reader: &Reader<'_>) -> Option<Target> {
    let region = reader.required("target.region");
    let cluster = reader.required("target.cluster");
    let require_tags = reader.map("target.require-tags").cloned().unwrap_or_default();
    Some(Target { region: region?, cluster: cluster?, require_tags })
}

fn copy(reader: &Reader<'_>) -> CopyOptions {
    CopyOptions {
        kms_key: reader.parsed::<KmsKey>("copy.kms-key"),
        source_kms_key: reader.parsed::<KmsKey>("copy.source-kms-key"),
        route: match reader.text("copy.route") {
            Some("two-hops") => CopyRoute::TwoHops,
            _ => CopyRoute::Direct,
        },
    }
}

fn set(reader: &Reader<'_>, path: &str) -> Option<BTreeSet<String>> {
    reader.list(path).map(|items| items.iter().cloned().collect())
}

/// Tags of the user. AWS reserves one prefix and this product another.
fn tags(reader: &Reader<'_>, path: &str) -> Option<BTreeMap<String, String>> {
    let tags = reader.map(path)?;
    for name in tags.keys() {
        if name.starts_with("aws:") || name.starts_with(OUR_TAG_PREFIX) {
            let hint = format!("Choose a name that begins neither with `aws:` nor with `{OUR_TAG_PREFIX}`.");
            reader.refuse(path, format_args!("the tag `{name}` has a reserved prefix"), Some(hint));
        }
    }
    Some(tags.clone())
}

fn cluster_settings(reader: &Reader<'_>) -> ClusterSettings {
    ClusterSettings {
        parameter_group: reader.owned("cluster.parameter-group"),
        subnet_group: reader.owned("cluster.subnet-group"),
        security_groups: set(reader, "cluster.security-groups"),
        port: reader.integer("cluster.port"),
        backup_retention_days: backup_retention(reader),
        backup_window: reader.owned("cluster.backup-window"),
        maintenance_window: reader.owned("cluster.maintenance-window"),
        deletion_protection: reader.flag("cluster.deletion-protection"),
        iam_authentication: reader.flag("cluster.iam-authentication"),
        copy_tags_to_snapshot: reader.flag("cluster.copy-tags-to-snapshot"),
        log_exports: set(reader, "cluster.log-exports"),
        serverless_scaling: serverless(reader),
        storage_type: reader.owned("cluster.storage-type"),
        engine_lifecycle_support: reader.owned("cluster.engine-lifecycle-support"),
        roles: roles(reader),
        tags: tags(reader, "cluster.tags"),
    }
}

fn backup_retention(reader: &Reader<'_>) -> Option<u16> {
    let path = "cluster.backup-retention";
    let retention = reader.duration(path)?;
    let days = retention.as_hours() / 24;
    if retention != SignedDuration::from_hours(days * 24) || !(1..=35).contains(&days) {
        reader.refuse(path, "RDS keeps automated backups for 1 to 35 whole days", None);
        return None;
    }
    u16::try_from(days).ok()
}

fn serverless(reader: &Reader<'_>) -> Option<ServerlessScaling> {
    let half_acus = |path: &str| {
        let acus = reader.number(path)?;
        let halves = acus * 2.0;
        if halves.fract() != 0.0 || !(0.0..=512.0).contains(&halves) {
            reader.refuse(path, "Serverless v2 goes from 0 to 256 ACUs in steps of 0.5", None);
            return None;
        }
        // Exact: a whole number of at most 512.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
        Some(halves as u16)
    };
    let (min, max) = ("cluster.serverless-min-acus", "cluster.serverless-max-acus");
    match (half_acus(min), half_acus(max)) {
        (Some(min_half_acus), Some(max_half_acus)) if min_half_acus <= max_half_acus => {
            Some(ServerlessScaling { min_half_acus, max_half_acus })
        }
        (Some(_), Some(_)) => {
            reader.refuse(min, format_args!("it is more than `{max}`"), Some(format!("Raise `{max}`, or lower it.")));
            None
        }
        _ if reader.has(min) != reader.has(max) => {
            let given = if reader.has(min) { min } else { max };
            let hint = "Set both or none.".to_owned();
            reader.refuse(given, format_args!("`{min}` and `{max}` go together"), Some(hint));
            None
        }
        _ => None,
    }
}

fn roles(reader: &Reader<'_>) -> Option<BTreeMap<Arn, Option<String>>> {
    let mut roles = BTreeMap::new();
    for (arn, feature) in reader.map("cluster.roles")? {
        match Arn::new(arn) {
            Ok(arn) => roles.insert(arn, Some(feature.clone()).filter(|feature| !feature.is_empty())),
            Err(invalid) => {
                reader.refuse("cluster.roles", invalid, None);
                return None;
            }
        };
    }
    Some(roles)
}

fn instances(reader: &Reader<'_>) -> InstanceOptions {
    let count = reader.integer::<u8>("instances.count");
    // An Aurora cluster has one writer and up to fifteen readers.
    if let Some(count) = count.filter(|count| !(1..=16).contains(count)) {
        reader.refuse("instances.count", format_args!("a cluster has 1 to 16 instances, not {count}"), None);
    }
    InstanceOptions {
        count,
        settings: InstanceSettings {
            class: reader.owned("instances.class"),
            parameter_group: reader.owned("instances.parameter-group"),
            promotion_tier: promotion_tier(reader),
            zone: reader.owned("instances.zone"),
            publicly_accessible: reader.flag("instances.publicly-accessible"),
            monitoring_interval_secs: monitoring_interval(reader),
            monitoring_role: reader.parsed("instances.monitoring-role"),
            performance_insights: reader.flag("instances.performance-insights"),
            auto_minor_version_upgrade: reader.flag("instances.auto-minor-version-upgrade"),
            ca_certificate: reader.owned("instances.ca-certificate"),
            maintenance_window: reader.owned("instances.maintenance-window"),
            tags: tags(reader, "instances.tags"),
        },
    }
}

fn promotion_tier(reader: &Reader<'_>) -> Option<u8> {
    let tier = reader.integer::<u8>("instances.promotion-tier")?;
    if tier > 15 {
        reader.refuse("instances.promotion-tier", "it goes from 0 to 15", None);
        return None;
    }
    Some(tier)
}

fn monitoring_interval(reader: &Reader<'_>) -> Option<u16> {
    let path = "instances.monitoring-interval";
    let interval = reader.duration(path)?;
    match interval.as_secs() {
        secs @ (0 | 1 | 5 | 10 | 15 | 30 | 60) if interval == SignedDuration::from_secs(secs) => {
            u16::try_from(secs).ok()
        }
        _ => {
            reader.refuse(path, "RDS takes 0s, 1s, 5s, 10s, 15s, 30s and 60s", None);
            None
        }
    }
}

fn secrets(reader: &Reader<'_>) -> Option<SecretRefs> {
    let master = reader.required::<SecretId>("secrets.master");
    let users = reader.parsed("secrets.users");
    let source_master = reader.parsed("secrets.source-master");
    Some(SecretRefs { master: master?, users, source_master })
}

fn users(reader: &Reader<'_>) -> UserOptions {
    UserOptions {
        schemas: match reader.list("users.schemas") {
            None | Some([]) => SchemaChoice::AllUserSchemas,
            Some(schemas) => SchemaChoice::Only(schemas.to_vec()),
        },
        keep_logins: reader.list("users.keep-logins").unwrap_or_default().to_vec(),
    }
}

fn verification(reader: &Reader<'_>) -> Option<VerificationOptions> {
    let checks = reader.checks("verification.checks");
    let mut names = BTreeSet::new();
    for check in &checks {
        if !names.insert(&check.name) {
            reader.refuse("verification.checks", format_args!("two checks are called `{}`", check.name), None);
        }
    }
    Some(VerificationOptions {
        tables_min: reader.integer("verification.tables-min")?,
        databases: reader.list("verification.databases").unwrap_or_default().to_vec(),
        integrity: match reader.text("verification.integrity") {
            Some("none") => IntegrityDepth::None,
            Some("indexes-and-heap") => IntegrityDepth::IndexesAndHeap,
            _ => IntegrityDepth::Indexes,
        },
        checks,
    })
}

fn archive(reader: &Reader<'_>) -> Option<ArchivePolicy> {
    let policy = reader.text("archive.copies")?;
    if policy != "keep-last" {
        if reader.has("archive.keep-last") {
            let hint = "Remove it, or set `archive.copies` to \"keep-last\".".to_owned();
            reader.refuse("archive.keep-last", "it goes with `archive.copies = \"keep-last\"` only", Some(hint));
        }
        return Some(if policy == "keep" { ArchivePolicy::Keep } else { ArchivePolicy::Delete });
    }
    if !reader.has("archive.keep-last") {
        reader.missing("archive.keep-last");
    }
    match reader.integer::<u16>("archive.keep-last")? {
        0 => {
            let hint = Some("To keep none, set `archive.copies = \"delete\"`.".to_owned());
            reader.refuse("archive.keep-last", "at least one copy is kept", hint);
            None
        }
        number => Some(ArchivePolicy::KeepLast(number)),
    }
}

fn retirement(reader: &Reader<'_>, limits: Option<&Limits>) -> Option<Retirement> {
    const RETAIN: &str = "retirement.retain-old";
    let retain_old = reader.duration(RETAIN)?;
    // Tables forget. Whoever ends the old cluster, or brings it back, needs the journal from its first entry.
    if reader.text("journal.store") == Some("tables")
        && let (Some(kept), Some(limits)) = (reader.duration("journal.audit-retention"), limits)
        && retain_old.saturating_add(longest(limits)) >= kept
    {
        let told = "with the bounds of the restore (`limits`) it is not shorter than `journal.audit-retention`: the old cluster could \
                    neither be ended nor be brought back once the first entry is gone";
        reader.refuse(
            RETAIN,
            told,
            Some("Keep the old cluster for a shorter time, or entries for a longer one.".to_owned()),
        );
    }
    Some(Retirement {
        retain_old,
        final_snapshot: match reader.text("retirement.final-snapshot") {
            Some("skip") => FinalSnapshot::Skip,
            _ => FinalSnapshot::Take,
        },
    })
}

fn limits(reader: &Reader<'_>) -> Option<Limits> {
    let limits = Limits {
        copy: reader.positive("limits.copy")?,
        restore: reader.positive("limits.restore")?,
        instances: reader.positive("limits.instances")?,
        step: reader.positive("limits.step")?,
        attempts_max: reader.integer("limits.attempts-max")?,
        poll: reader.positive("limits.poll")?,
    };
    if limits.attempts_max == 0 {
        reader.refuse("limits.attempts-max", "at least one attempt is needed", None);
    }
    Some(limits)
}
