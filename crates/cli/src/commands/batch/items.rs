//! The items of a batch as requests, with everything that is wrong with any of them told at once.

use std::{collections::BTreeMap, path::Path};

use aurora_restore_app::config::{Config, ConfigError, ItemRequest, read_batch};
use aurora_restore_core::{
    ids::{ClusterId, OperationId, Region},
    request::Request,
};

use crate::{
    context::Context,
    error::{CommandError, Point},
    exit_code::ExitCode,
};

/// One item.
pub(super) struct Item {
    /// Its operation.
    pub(super) id: OperationId,
    /// What it asks for.
    pub(super) request: Request,
    /// The same in the form of an event.
    #[cfg(feature = "stack")]
    pub(super) event: serde_json::Map<String, serde_json::Value>,
    /// The configuration that it is done with.
    pub(super) config: Config,
}

/// Reads the manifest.
pub(super) fn read(context: &Context, path: &Path, batch: &OperationId) -> Result<Vec<Item>, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::usage(format!("the manifest {} cannot be read", path.display())).caused_by(error)
    })?;
    let mut points = Vec::new();
    let mut items = Vec::new();
    for item in read_batch(&text, path)? {
        match one(context, item, batch) {
            Ok(item) => items.push(item),
            Err(CommandError::BrokenPipe) => return Err(CommandError::BrokenPipe),
            Err(CommandError::Told(told)) => points.extend(told.points),
        }
    }
    points.extend(shared_targets(&items));
    if points.is_empty() { Ok(items) } else { Err(CommandError::several(ExitCode::Configuration, points)) }
}

fn one(context: &Context, item: ItemRequest, batch: &OperationId) -> Result<Item, CommandError> {
    let name = item.name.clone();
    let id = OperationId::new(format!("{batch}-{name}")).map_err(|invalid| {
        CommandError::usage(format!("item {name}: {invalid}")).hint("Give the batch a shorter id with `--id`.")
    })?;
    let of_item = |error: ConfigError| {
        let points = error.problems.iter().map(|problem| {
            let told = problem.to_string();
            // What the item itself says is told with its name already.
            let is_named = told.starts_with(&format!("item {name}"));
            Point {
                message: if is_named { told } else { format!("item {name}: {told}") },
                code: None,
                hints: problem.hint.clone().into_iter().collect(),
            }
        });
        CommandError::several(ExitCode::Configuration, points.collect())
    };
    let config = context.config_of_item(item)?.map_err(of_item)?;
    let request = request(context, &config)?.map_err(of_item)?;
    Ok(Item {
        id,
        #[cfg(feature = "stack")]
        event: config.event_of(&request),
        request,
        config,
    })
}

/// The request as whoever does it reads it: the stack has a configuration of its own.
fn request(context: &Context, config: &Config) -> Result<Result<Request, ConfigError>, CommandError> {
    #[cfg(feature = "stack")]
    if context.stack_name().is_some() {
        return context.request_on_stack(config);
    }
    Ok(config.request(context.now()))
}

/// Two restores of one target would each undo what the other did.
fn shared_targets(items: &[Item]) -> Vec<Point> {
    let mut taken: BTreeMap<(&Region, &ClusterId), &OperationId> = BTreeMap::new();
    let mut points = Vec::new();
    for item in items {
        let target = (&item.request.target.region, &item.request.target.cluster);
        if let Some(other) = taken.insert(target, &item.id) {
            points.push(Point {
                message: format!("{other} and {} have one target, {} in {}", item.id, target.1, target.0),
                code: None,
                hints: vec!["Give each item a target of its own. Nothing was begun.".to_owned()],
            });
        }
    }
    points
}
