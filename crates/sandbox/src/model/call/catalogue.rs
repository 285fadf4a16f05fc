//! Inputs of the actions that ask what is offered and what happened.

use jiff::Timestamp;

use super::{Filter, PageRequest};

/// Input of DescribeOrderableDBInstanceOptions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeOrderableOptions {
    /// Engine.
    pub engine: String,
    /// One version.
    pub engine_version: Option<String>,
    /// One class.
    pub db_instance_class: Option<String>,
    /// None is supported.
    pub filters: Vec<Filter>,
    /// Which page; up to 1,000 records.
    pub page: PageRequest,
}

/// Input of DescribeDBEngineVersions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeEngineVersions {
    /// One engine.
    pub engine: Option<String>,
    /// One version, or a major version for all of its minors.
    pub engine_version: Option<String>,
    /// One family.
    pub db_parameter_group_family: Option<String>,
    /// Only the default of the engine or major version.
    pub default_only: Option<bool>,
    /// None is supported.
    pub filters: Vec<Filter>,
    /// Which page.
    pub page: PageRequest,
}

/// Input of DescribeEvents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeEvents {
    /// One resource; needs its type.
    pub source_identifier: Option<String>,
    /// One kind of resource, such as `db-cluster`.
    pub source_type: Option<String>,
    /// Not before; default: the duration before the end.
    pub start_time: Option<Timestamp>,
    /// Not after; default now.
    pub end_time: Option<Timestamp>,
    /// Minutes; default 60.
    pub duration: Option<u32>,
    /// Any of these categories.
    pub event_categories: Vec<String>,
    /// None is supported.
    pub filters: Vec<Filter>,
    /// Which page.
    pub page: PageRequest,
}
