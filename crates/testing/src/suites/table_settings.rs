//! The conformance suite of the port for the settings of tables.

use aurora_restore_ops::ports::{Billing, IndexShape, Projection, Scaling, TableSettings, Tables};

use super::{Broken, Case, CaseResult, Verdict, holds, same, verdict};

/// How often an answer is waited for.
const LOOKS_MAX: u32 = 200;

/// Runs every case on a table that is there, is paid by request and has no index. `pause` lets time pass between two looks;
/// `no_scaling` says why nothing grows by itself there.
pub async fn run(
    tables: &dyn Tables,
    table: &str,
    pause: impl AsyncFn(),
    no_scaling: Option<&'static str>,
) -> Vec<CaseResult> {
    let missing = verdict(missing(tables).await);
    let indexed = verdict(indexed(tables, table, &pause).await);
    let paid = verdict(paid(tables, table, &pause).await);
    let scaled = match no_scaling {
        None => verdict(scaled(tables, table).await),
        Some(reason) => Verdict::Skipped(reason),
    };
    vec![
        CaseResult { case: "a table that is not there is an answer", verdict: missing },
        CaseResult { case: "an index is made, seen with its shape, and deleted", verdict: indexed },
        CaseResult { case: "a table is paid for as it was asked last", verdict: paid },
        CaseResult { case: "a table grows between its bounds until it does not any more", verdict: scaled },
    ]
}

async fn missing(tables: &dyn Tables) -> Case {
    same("its settings", &tables.settings("suite-nobody").await?, &None)
}

async fn ready(tables: &dyn Tables, table: &str, pause: &impl AsyncFn()) -> Result<TableSettings, Broken> {
    for _ in 0..LOOKS_MAX {
        let found = tables.settings(table).await?.ok_or_else(|| Broken("it is not there".to_owned()))?;
        if found.is_ready && found.indexes.iter().all(|index| index.is_ready) {
            return Ok(found);
        }
        pause().await;
    }
    Err(Broken("it is never ready".to_owned()))
}

async fn indexed(tables: &dyn Tables, table: &str, pause: &impl AsyncFn()) -> Case {
    let index = IndexShape {
        name: "suite-index".to_owned(),
        hash: "status".to_owned(),
        range: Some("last_updated_at".to_owned()),
        projection: Projection::Keys,
    };
    tables.make_index(table, &index).await?;
    let found = ready(tables, table, pause).await?;
    let shapes: Vec<&IndexShape> = found.indexes.iter().map(|index| &index.shape).collect();
    same("its indexes", &shapes, &vec![&index])?;
    tables.delete_index(table, &index.name).await?;
    same("its indexes afterwards", &ready(tables, table, pause).await?.indexes, &Vec::new())
}

async fn paid(tables: &dyn Tables, table: &str, pause: &impl AsyncFn()) -> Case {
    same("how it is paid for", &ready(tables, table, pause).await?.billing, &Billing::OnDemand)?;
    for billing in [Billing::Provisioned { read: 5, write: 7 }, Billing::OnDemand] {
        tables.pay(table, billing).await?;
        same("how it is paid for", &ready(tables, table, pause).await?.billing, &billing)?;
    }
    Ok(())
}

async fn scaled(tables: &dyn Tables, table: &str) -> Case {
    same("before", &tables.scaling(table).await?, &None)?;
    let bounds = Scaling { least: 5, most: 50 };
    for scaling in [Some(bounds), Some(Scaling { most: 60, ..bounds }), None, None] {
        tables.scale(table, scaling).await?;
        same("how it grows", &tables.scaling(table).await?, &scaling)?;
    }
    holds("it is still there", tables.settings(table).await?.is_some())
}
