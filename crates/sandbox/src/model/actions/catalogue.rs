//! What is offered, what happened, and what is used up: the describes that are about no single thing.

use jiff::{SignedDuration, Timestamp};

use super::multi_az::is_aurora;
use crate::model::call::{DescribeEngineVersions, DescribeEvents, DescribeOrderableOptions};
use crate::model::error::RdsError;
use crate::model::listing::{check_filters, page};
use crate::model::reply::Reply;
use crate::model::resources::{AccountQuota, EngineVersion, Event, OrderableOption};
use crate::model::state::SnapshotRecord;
use crate::model::world::{Ctx, World};

/// Minutes of events without a start and duration.
const DEFAULT_MINUTES: u32 = 60;
/// Events are kept for fourteen days.
const MAX_MINUTES: u32 = 14 * 24 * 60;

impl World {
    pub(crate) fn describe_orderable(&self, ctx: Ctx, input: &DescribeOrderableOptions) -> Result<Reply, RdsError> {
        check_filters(&input.filters, &[])?;
        let versions = self.config.engine_versions.iter().filter(|offer| {
            offer.engine == input.engine
                && is_aurora(&offer.engine)
                && input.engine_version.as_ref().is_none_or(|version| offer.engine_version == *version)
        });
        let class_fits = |class: &&String| input.db_instance_class.as_ref().is_none_or(|wanted| *class == wanted);
        let classes: Vec<_> = self.config.instance_classes.iter().filter(class_fits).collect();
        let zones = self.place(ctx.here).zones();
        let mut options: Vec<_> = versions
            .flat_map(|offer| classes.iter().map(move |class| (offer, *class)))
            .map(|(offer, class)| OrderableOption {
                engine: offer.engine.clone(),
                engine_version: offer.engine_version.clone(),
                db_instance_class: class.clone(),
                availability_zones: zones.clone(),
                storage_type: "aurora".to_owned(),
            })
            .collect();
        let name = |option: &OrderableOption| format!("{}/{}", option.engine_version, option.db_instance_class);
        options.sort_by_cached_key(name);
        page(options, &input.page, 1_000, name).map(Reply::OrderableOptions)
    }

    pub(crate) fn describe_engine_versions(&self, input: &DescribeEngineVersions) -> Result<Reply, RdsError> {
        check_filters(&input.filters, &[])?;
        let fits = |offer: &&EngineVersion| {
            input.engine.as_ref().is_none_or(|engine| offer.engine == *engine)
                && input
                    .engine_version
                    .as_ref()
                    .is_none_or(|version| offer.engine_version == *version || offer.major_engine_version == *version)
                && input
                    .db_parameter_group_family
                    .as_ref()
                    .is_none_or(|family| offer.db_parameter_group_family == *family)
                && (offer.is_default || !input.default_only.unwrap_or(false))
        };
        let mut versions: Vec<_> = self.config.engine_versions.iter().filter(fits).cloned().collect();
        let name = |offer: &EngineVersion| format!("{}/{}", offer.engine, offer.engine_version);
        versions.sort_by_cached_key(name);
        page(versions, &input.page, 100, name).map(Reply::EngineVersions)
    }

    pub(crate) fn describe_events(&self, ctx: Ctx, input: &DescribeEvents) -> Result<Reply, RdsError> {
        check_filters(&input.filters, &[])?;
        if input.source_identifier.is_some() && input.source_type.is_none() {
            return Err(RdsError::invalid_combination("SourceType must be specified when SourceIdentifier is."));
        }
        let (start, end) = span(input, ctx.now)?;
        let fits = |event: &&Event| {
            (start..=end).contains(&event.date)
                && input.source_type.as_ref().is_none_or(|kind| event.source_type.as_str() == kind)
                && input
                    .source_identifier
                    .as_ref()
                    .is_none_or(|name| event.source_identifier.eq_ignore_ascii_case(name))
                && (input.event_categories.is_empty()
                    || event.event_categories.iter().any(|category| input.event_categories.contains(category)))
        };
        // Events have no name: the marker counts them.
        let events = self.place(ctx.here).events.iter().filter(fits).cloned();
        let mut numbered: Vec<_> = events.enumerate().collect();
        numbered.sort_by_key(|(number, event)| (event.date, *number));
        let numbered: Vec<_> = numbered.into_iter().enumerate().map(|(number, (_, event))| (number, event)).collect();
        let cut = page(numbered, &input.page, 100, |(number, _)| format!("{number:08}"))?;
        let items = cut.items.into_iter().map(|(_, event)| event).collect();
        Ok(Reply::Events(crate::model::reply::Page { items, marker: cut.marker }))
    }

    pub(crate) fn describe_account_attributes(&self, ctx: Ctx) -> Reply {
        let (place, quotas) = (self.place(ctx.here), &self.config.quotas);
        let manual = place.snapshots.values().filter(|record: &&SnapshotRecord| record.is_manual()).count();
        let own_groups = place.cluster_parameter_groups.keys().filter(|name| !name.starts_with("default.")).count();
        let quota = |name: &str, used: usize, max: usize| AccountQuota {
            account_quota_name: name.to_owned(),
            used: used as u64,
            max: max as u64,
        };
        Reply::AccountQuotas(vec![
            quota("DBClusters", place.clusters.len(), quotas.clusters),
            quota("DBInstances", place.instances.len(), quotas.instances),
            quota("ManualClusterSnapshots", manual, quotas.manual_snapshots),
            quota("DBClusterParameterGroups", own_groups, quotas.cluster_parameter_groups),
        ])
    }
}

fn span(input: &DescribeEvents, now: Timestamp) -> Result<(Timestamp, Timestamp), RdsError> {
    let end = input.end_time.unwrap_or(now);
    let minutes = input.duration.unwrap_or(DEFAULT_MINUTES);
    if minutes > MAX_MINUTES {
        return Err(RdsError::invalid_value(format!("Invalid duration: {minutes}. Events are kept for 14 days.")));
    }
    let start = match input.start_time {
        Some(start) => start,
        None => end
            .checked_sub(SignedDuration::from_mins(i64::from(minutes)))
            .map_err(|_| RdsError::invalid_value("The end time is out of range."))?,
    };
    if start > end {
        return Err(RdsError::invalid_combination("The start time must be before the end time."));
    }
    Ok((start, end))
}
