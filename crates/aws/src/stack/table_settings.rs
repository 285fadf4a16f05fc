//! The [`Tables`] port on DynamoDB and Application Auto Scaling.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aurora_restore_ops::ports::{
    Billing, IndexShape, Projection, Scaling, ServiceError, ServiceResult, TableIndex, TableSettings, Tables,
};
use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ScalableTarget, ServiceNamespace,
    TargetTrackingScalingPolicyConfiguration,
};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, DeleteGlobalSecondaryIndexAction,
    GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate, IndexStatus, KeySchemaElement, KeyType,
    ProjectionType, ProvisionedThroughput, ScalarAttributeType, TableDescription, TableStatus,
    UpdateGlobalSecondaryIndexAction,
};

use super::service::{Asked, PAGES_MAX};
use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// How much of a capacity that grows by itself is to be filled, in percent.
const FILLED_PERCENT: f64 = 70.0;
/// What grows: the words of the service for a table and for an index.
const DIMENSIONS: [[&str; 2]; 2] = [
    ["dynamodb:table:ReadCapacityUnits", "DynamoDBReadCapacityUtilization"],
    ["dynamodb:table:WriteCapacityUnits", "DynamoDBWriteCapacityUtilization"],
];
const INDEX_DIMENSIONS: [[&str; 2]; 2] = [
    ["dynamodb:index:ReadCapacityUnits", "DynamoDBReadCapacityUtilization"],
    ["dynamodb:index:WriteCapacityUnits", "DynamoDBWriteCapacityUtilization"],
];

/// The [`Tables`] port on AWS.
#[derive(Debug, Clone)]
pub struct AwsTables {
    tables: aws_sdk_dynamodb::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
}

impl AwsTables {
    /// Those of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        let scaling = connection.to_service("Application Auto Scaling", endpoint)?;
        Ok(Self {
            tables: aws_sdk_dynamodb::Client::new(&connection.to_service("DynamoDB", endpoint)?),
            scaling: aws_sdk_applicationautoscaling::Client::new(&scaling),
        })
    }

    async fn described(&self, table: &str) -> ServiceResult<Option<TableDescription>> {
        let asked = Asked::about("dynamodb:DescribeTable", table);
        let sent = self.tables.describe_table().table_name(table).send().await;
        match sent.map_err(|error| asked.failed(&error)) {
            Ok(answer) => Ok(answer.table),
            Err(ServiceError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn needed(&self, table: &str) -> ServiceResult<TableDescription> {
        let missing = || ServiceError::Missing {
            action: "dynamodb:DescribeTable",
            object: table.to_owned(),
            reason: "there is no such table".to_owned(),
        };
        self.described(table).await?.ok_or_else(missing)
    }

    /// Everything of a table that can grow: its resource, what of it, and by which figure.
    async fn growing(&self, table: &str) -> ServiceResult<Vec<(String, [&'static str; 2])>> {
        let found = self.needed(table).await?;
        let of_table = DIMENSIONS.map(|dimension| (format!("table/{table}"), dimension));
        let indexes = found.global_secondary_indexes().iter().filter_map(|index| index.index_name());
        let of_indexes = indexes
            .flat_map(|index| INDEX_DIMENSIONS.map(|dimension| (format!("table/{table}/index/{index}"), dimension)));
        Ok(of_table.into_iter().chain(of_indexes).collect())
    }

    async fn let_grow(&self, resource: &str, dimension: [&str; 2], scaling: Scaling) -> ServiceResult<()> {
        let asked = Asked::about("application-autoscaling:RegisterScalableTarget", resource);
        let whole = |units: u32| i32::try_from(units).map_err(|_| asked.malformed("has a capacity that is too large"));
        let call = self
            .scaling
            .register_scalable_target()
            .service_namespace(ServiceNamespace::from("dynamodb"))
            .resource_id(resource)
            .scalable_dimension(ScalableDimension::from(dimension[0]))
            .min_capacity(whole(scaling.least)?)
            .max_capacity(whole(scaling.most)?);
        call.send().await.map_err(|error| asked.failed(&error))?;
        let asked = Asked::about("application-autoscaling:PutScalingPolicy", resource);
        let unfit = |_| asked.malformed("cannot be built");
        let figure = PredefinedMetricSpecification::builder()
            .predefined_metric_type(MetricType::from(dimension[1]))
            .build()
            .map_err(unfit)?;
        let policy = TargetTrackingScalingPolicyConfiguration::builder()
            .target_value(FILLED_PERCENT)
            .predefined_metric_specification(figure)
            .build()
            .map_err(unfit)?;
        let call = self
            .scaling
            .put_scaling_policy()
            .policy_name(format!("aurora-restore-{}", dimension[1]))
            .service_namespace(ServiceNamespace::from("dynamodb"))
            .resource_id(resource)
            .scalable_dimension(ScalableDimension::from(dimension[0]))
            .policy_type(PolicyType::from("TargetTrackingScaling"))
            .target_tracking_scaling_policy_configuration(policy);
        call.send().await.map_err(|error| asked.failed(&error))?;
        Ok(())
    }

    /// What of these resources grows by itself.
    async fn targets(&self, resources: &[String]) -> ServiceResult<Vec<ScalableTarget>> {
        let named = resources.first().map_or("*", String::as_str);
        let asked = Asked::about("application-autoscaling:DescribeScalableTargets", named);
        let mut targets = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let call = self.scaling.describe_scalable_targets().service_namespace(ServiceNamespace::from("dynamodb"));
            let call = call.set_resource_ids(Some(resources.to_vec())).set_next_token(token.clone());
            let page = call.send().await.map_err(|error| asked.failed(&error))?;
            targets.extend(page.scalable_targets().iter().cloned());
            let next = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
            if next.is_none() {
                return Ok(targets);
            }
            if next == token {
                return Err(asked.malformed("does not go on: a page's marker is its own"));
            }
            token = next;
        }
        Err(asked.malformed("has no end"))
    }

    /// What grows by itself does not any more. Its policies go with it.
    async fn let_rest(&self, target: &ScalableTarget) -> ServiceResult<()> {
        let resource = target.resource_id();
        let asked = Asked::about("application-autoscaling:DeregisterScalableTarget", resource);
        let call = self
            .scaling
            .deregister_scalable_target()
            .service_namespace(ServiceNamespace::from("dynamodb"))
            .resource_id(resource)
            .scalable_dimension(target.scalable_dimension().clone());
        call.send().await.map_err(|error| asked.failed(&error))?;
        Ok(())
    }
}

#[async_trait]
impl Tables for AwsTables {
    async fn settings(&self, table: &str) -> ServiceResult<Option<TableSettings>> {
        Ok(self.described(table).await?.map(|found| read(&found)))
    }

    async fn pay(&self, table: &str, billing: Billing) -> ServiceResult<()> {
        let asked = Asked::about("dynamodb:UpdateTable", table);
        let call = self.tables.update_table().table_name(table);
        let call = match billing {
            Billing::OnDemand => call.billing_mode(BillingMode::PayPerRequest),
            Billing::Provisioned { read, write } => {
                let throughput = ProvisionedThroughput::builder()
                    .read_capacity_units(read.into())
                    .write_capacity_units(write.into())
                    .build()
                    .map_err(|_| asked.malformed("cannot be built"))?;
                let found = self.needed(table).await?;
                let updates = found.global_secondary_indexes().iter().filter_map(|index| {
                    let update = UpdateGlobalSecondaryIndexAction::builder()
                        .index_name(index.index_name()?)
                        .provisioned_throughput(throughput.clone())
                        .build()
                        .ok()?;
                    Some(GlobalSecondaryIndexUpdate::builder().update(update).build())
                });
                let updates: Vec<_> = updates.collect();
                call.billing_mode(BillingMode::Provisioned)
                    .provisioned_throughput(throughput)
                    .set_global_secondary_index_updates((!updates.is_empty()).then_some(updates))
            }
        };
        call.send().await.map_err(|error| asked.failed(&error))?;
        Ok(())
    }

    async fn make_index(&self, table: &str, index: &IndexShape) -> ServiceResult<()> {
        let asked = Asked::about("dynamodb:UpdateTable", table);
        let unfit = |_| asked.malformed("cannot be built");
        let keys = [(Some(&index.hash), KeyType::Hash), (index.range.as_ref(), KeyType::Range)];
        let keys: Vec<(&String, KeyType)> = keys.into_iter().filter_map(|(name, kind)| Some((name?, kind))).collect();
        let projection = match index.projection {
            Projection::All => ProjectionType::All,
            Projection::Keys | Projection::Other => ProjectionType::KeysOnly,
        };
        let projection = aws_sdk_dynamodb::types::Projection::builder().projection_type(projection).build();
        let mut create = CreateGlobalSecondaryIndexAction::builder().index_name(&index.name).projection(projection);
        let mut call = self.tables.update_table().table_name(table);
        for (name, kind) in keys {
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(unfit)?;
            let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
            create = create.key_schema(key);
            call = call.attribute_definitions(attribute.build().map_err(unfit)?);
        }
        if let Billing::Provisioned { read, write } = read(&self.needed(table).await?).billing {
            let throughput =
                ProvisionedThroughput::builder().read_capacity_units(read.into()).write_capacity_units(write.into());
            create = create.provisioned_throughput(throughput.build().map_err(unfit)?);
        }
        let update = GlobalSecondaryIndexUpdate::builder().create(create.build().map_err(unfit)?).build();
        call.global_secondary_index_updates(update).send().await.map_err(|error| asked.failed(&error))?;
        Ok(())
    }

    async fn delete_index(&self, table: &str, index: &str) -> ServiceResult<()> {
        let asked = Asked::about("dynamodb:UpdateTable", table);
        let delete = DeleteGlobalSecondaryIndexAction::builder().index_name(index).build();
        let delete = delete.map_err(|_| asked.malformed("cannot be built"))?;
        let update = GlobalSecondaryIndexUpdate::builder().delete(delete).build();
        let call = self.tables.update_table().table_name(table).global_secondary_index_updates(update);
        call.send().await.map_err(|error| asked.failed(&error))?;
        Ok(())
    }

    async fn scaling(&self, table: &str) -> ServiceResult<Option<Scaling>> {
        let targets = self.targets(&[format!("table/{table}")]).await?;
        let units = |units: i32| u32::try_from(units).unwrap_or_default();
        Ok(targets
            .first()
            .map(|target| Scaling { least: units(target.min_capacity()), most: units(target.max_capacity()) }))
    }

    async fn scale(&self, table: &str, scaling: Option<Scaling>) -> ServiceResult<()> {
        let growing = self.growing(table).await?;
        let Some(scaling) = scaling else {
            let resources: BTreeSet<String> = growing.into_iter().map(|(resource, _)| resource).collect();
            for target in self.targets(&resources.into_iter().collect::<Vec<_>>()).await? {
                self.let_rest(&target).await?;
            }
            return Ok(());
        };
        for (resource, dimension) in growing {
            self.let_grow(&resource, dimension, scaling).await?;
        }
        Ok(())
    }
}

fn read(found: &TableDescription) -> TableSettings {
    let mode = found.billing_mode_summary().and_then(|summary| summary.billing_mode());
    let throughput = found.provisioned_throughput();
    let units = |units: Option<i64>| units.and_then(|units| u32::try_from(units).ok()).unwrap_or_default();
    let (read, write) = throughput.map_or((0, 0), |throughput| {
        (units(throughput.read_capacity_units()), units(throughput.write_capacity_units()))
    });
    // A table that never was anything else than provisioned has no summary.
    let billing = match mode {
        Some(BillingMode::PayPerRequest) => Billing::OnDemand,
        None if read == 0 && write == 0 => Billing::OnDemand,
        Some(_) | None => Billing::Provisioned { read, write },
    };
    TableSettings {
        billing,
        indexes: found.global_secondary_indexes().iter().filter_map(index).collect(),
        is_ready: found.table_status() == Some(&TableStatus::Active),
    }
}

fn index(found: &GlobalSecondaryIndexDescription) -> Option<TableIndex> {
    let key = |kind: KeyType| {
        let part = found.key_schema().iter().find(|part| *part.key_type() == kind);
        part.map(|part| part.attribute_name().to_owned())
    };
    let projection = match found.projection().and_then(|projection| projection.projection_type()) {
        Some(ProjectionType::All) => Projection::All,
        Some(ProjectionType::KeysOnly) => Projection::Keys,
        Some(_) | None => Projection::Other,
    };
    let shape = IndexShape {
        name: found.index_name()?.to_owned(),
        hash: key(KeyType::Hash)?,
        range: key(KeyType::Range),
        projection,
    };
    Some(TableIndex { shape, is_ready: found.index_status() == Some(&IndexStatus::Active) })
}
