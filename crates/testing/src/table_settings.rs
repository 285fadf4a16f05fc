//! Settings of tables that live in memory. A change takes a look to be made, as with a slow service.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_ops::ports::{
    Billing, IndexShape, Scaling, ServiceError, ServiceResult, TableIndex, TableSettings, Tables,
};

/// Tables in memory.
#[derive(Debug, Default)]
pub struct MemoryTables(Mutex<World>);

#[derive(Debug, Default)]
struct World {
    tables: BTreeMap<String, (TableSettings, Option<Scaling>)>,
    changes: Vec<String>,
}

impl MemoryTables {
    /// Makes a table that is paid by request.
    pub fn add(&self, table: &str, indexes: &[IndexShape]) {
        let index = |shape: &IndexShape| TableIndex { shape: shape.clone(), is_ready: true };
        let indexes = indexes.iter().map(index).collect();
        let settings = TableSettings { billing: Billing::OnDemand, indexes, is_ready: true };
        self.world().tables.insert(table.to_owned(), (settings, None));
    }

    /// What was changed, in order.
    pub fn changes(&self) -> Vec<String> {
        self.world().changes.clone()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a table that nothing else is being done with.
    fn change(
        &self,
        table: &str,
        what: String,
        change: impl FnOnce(&mut TableSettings) -> Result<(), &'static str>,
    ) -> ServiceResult<()> {
        let (action, object) = ("dynamodb:UpdateTable", table.to_owned());
        let refused =
            |reason: &str| Err(ServiceError::Refused { action, object: object.clone(), reason: reason.to_owned() });
        let mut world = self.world();
        let Some((settings, _)) = world.tables.get_mut(table) else {
            let reason = "there is no such table".to_owned();
            return Err(ServiceError::Missing { action, object, reason });
        };
        if !settings.is_ready {
            return refused("the table is being changed");
        }
        if let Err(reason) = change(settings) {
            return refused(reason);
        }
        settings.is_ready = false;
        world.changes.push(what);
        Ok(())
    }
}

#[async_trait]
impl Tables for MemoryTables {
    async fn settings(&self, table: &str) -> ServiceResult<Option<TableSettings>> {
        let mut world = self.world();
        Ok(world.tables.get_mut(table).map(|(settings, _)| {
            let seen = settings.clone();
            settings.is_ready = true;
            settings.indexes.iter_mut().for_each(|index| index.is_ready = true);
            seen
        }))
    }

    async fn pay(&self, table: &str, billing: Billing) -> ServiceResult<()> {
        self.change(table, format!("pay {table} {billing:?}"), |settings| {
            if settings.billing == billing {
                return Err("it is paid so already");
            }
            settings.billing = billing;
            Ok(())
        })
    }

    async fn make_index(&self, table: &str, index: &IndexShape) -> ServiceResult<()> {
        self.change(table, format!("make {}", index.name), |settings| {
            if settings.indexes.iter().any(|found| found.shape.name == index.name) {
                return Err("the index exists already");
            }
            settings.indexes.push(TableIndex { shape: index.clone(), is_ready: false });
            Ok(())
        })
    }

    async fn delete_index(&self, table: &str, index: &str) -> ServiceResult<()> {
        self.change(table, format!("delete {index}"), |settings| {
            let before = settings.indexes.len();
            settings.indexes.retain(|found| found.shape.name != index);
            if settings.indexes.len() == before { Err("there is no such index") } else { Ok(()) }
        })
    }

    async fn scaling(&self, table: &str) -> ServiceResult<Option<Scaling>> {
        Ok(self.world().tables.get(table).and_then(|(_, scaling)| *scaling))
    }

    async fn scale(&self, table: &str, scaling: Option<Scaling>) -> ServiceResult<()> {
        let mut world = self.world();
        if let Some((_, held)) = world.tables.get_mut(table) {
            *held = scaling;
        }
        world.changes.push(format!("scale {table} {scaling:?}"));
        Ok(())
    }
}
