//! Having a table paid for otherwise: what has to be done is found first, shown, and then done one after the other.

use serde::Serialize;

use crate::{
    error::OpsError,
    follow::{patiently, shortly},
    ports::{Billing, Scaling, TableSettings, Tables},
};

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CapacityChange {
    /// Paid by request.
    OnDemand,
    /// A capacity of its own.
    Provisioned {
        /// Reads, in units a second.
        read: u32,
        /// Writes.
        write: u32,
    },
    /// A capacity that grows and shrinks by itself.
    Scaled(Scaling),
}

/// What has to be done with one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityPlan {
    /// The table.
    pub table: String,
    /// How it is paid for now.
    pub before: Billing,
    /// Between which capacities it grows now, if it does.
    pub before_scaling: Option<Scaling>,
    /// How it is to be paid for; nothing where that is so.
    pub pay: Option<Billing>,
    /// How it is to grow; nothing where that is so.
    pub scale: Option<Option<Scaling>>,
}

impl CapacityPlan {
    /// Whether nothing has to be done.
    pub fn is_empty(&self) -> bool {
        self.pay.is_none() && self.scale.is_none()
    }
}

/// What has to be done for a table to be as is asked.
///
/// # Errors
/// [`OpsError`].
pub async fn plan(tables: &dyn Tables, table: &str, change: CapacityChange) -> Result<CapacityPlan, OpsError> {
    let settings = looked_at(tables, table).await?;
    let scaling = patiently(|| tables.scaling(table)).await?;
    let (billing, wanted) = match change {
        CapacityChange::OnDemand => (Billing::OnDemand, None),
        CapacityChange::Provisioned { read, write } => (Billing::Provisioned { read, write }, None),
        CapacityChange::Scaled(wanted) => (start_of(settings.billing, wanted), Some(wanted)),
    };
    Ok(CapacityPlan {
        table: table.to_owned(),
        before: settings.billing,
        before_scaling: scaling,
        pay: (billing != settings.billing).then_some(billing),
        scale: (scaling != wanted).then_some(wanted),
    })
}

/// From where a capacity begins to grow: from what it is, if that is between the bounds.
fn start_of(now: Billing, bounds: Scaling) -> Billing {
    match now {
        Billing::OnDemand => Billing::Provisioned { read: bounds.least, write: bounds.least },
        Billing::Provisioned { read, write } => Billing::Provisioned {
            read: read.clamp(bounds.least, bounds.most),
            write: write.clamp(bounds.least, bounds.most),
        },
    }
}

/// Does what was planned. Whoever dies in between runs it again: what is done already is found.
///
/// # Errors
/// [`OpsError`].
pub async fn apply(tables: &dyn Tables, plan: &CapacityPlan) -> Result<(), OpsError> {
    // What grows by itself would take a capacity that is given here for its own business.
    if plan.scale == Some(None) {
        patiently(|| tables.scale(&plan.table, None)).await?;
    }
    if let Some(billing) = plan.pay {
        patiently(|| tables.pay(&plan.table, billing)).await?;
        ready(tables, &plan.table).await?;
    }
    if let Some(scaling @ Some(_)) = plan.scale {
        patiently(|| tables.scale(&plan.table, scaling)).await?;
    }
    Ok(())
}

/// Waits until nothing is being done with a table or its indexes.
pub(crate) async fn ready(tables: &dyn Tables, table: &str) -> Result<TableSettings, OpsError> {
    let what = format!("the change of table {table}");
    shortly(&what, async || {
        let settings = looked_at(tables, table).await?;
        let is_ready = settings.is_ready && settings.indexes.iter().all(|index| index.is_ready);
        Ok(is_ready.then_some(settings))
    })
    .await
}

pub(crate) async fn looked_at(tables: &dyn Tables, table: &str) -> Result<TableSettings, OpsError> {
    let found = patiently(|| tables.settings(table)).await?;
    found.ok_or_else(|| OpsError::NoTable { table: table.to_owned() })
}
