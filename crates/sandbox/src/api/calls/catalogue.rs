//! Reads the calls that ask what is offered and what happened.

use super::{filters, page};
use crate::api::query::{ParamError, Params};
use crate::model::call::{DescribeEngineVersions, DescribeEvents, DescribeOrderableOptions};

pub(super) fn orderable_options(p: &mut Params) -> Result<DescribeOrderableOptions, ParamError> {
    // These narrow nothing here: Aurora has one licence, runs in a VPC alone, and zone groups are not modelled.
    for name in ["AvailabilityZoneGroup", "LicenseModel", "Vpc"] {
        p.ignore(name);
    }
    Ok(DescribeOrderableOptions {
        engine: p.required("Engine")?,
        engine_version: p.optional("EngineVersion")?,
        db_instance_class: p.optional("DBInstanceClass")?,
        filters: filters(p)?,
        page: page(p)?,
    })
}

pub(super) fn engine_versions(p: &mut Params) -> Result<DescribeEngineVersions, ParamError> {
    // These ask for more detail, of which there is none, or for versions that are not offered, likewise.
    for name in ["IncludeAll", "ListSupportedCharacterSets", "ListSupportedTimezones"] {
        p.ignore(name);
    }
    Ok(DescribeEngineVersions {
        engine: p.optional("Engine")?,
        engine_version: p.optional("EngineVersion")?,
        db_parameter_group_family: p.optional("DBParameterGroupFamily")?,
        default_only: p.optional("DefaultOnly")?,
        filters: filters(p)?,
        page: page(p)?,
    })
}

pub(super) fn events(p: &mut Params) -> Result<DescribeEvents, ParamError> {
    Ok(DescribeEvents {
        source_identifier: p.optional("SourceIdentifier")?,
        source_type: p.optional("SourceType")?,
        start_time: p.optional("StartTime")?,
        end_time: p.optional("EndTime")?,
        duration: p.optional("Duration")?,
        event_categories: p.list("EventCategories")?,
        filters: filters(p)?,
        page: page(p)?,
    })
}
