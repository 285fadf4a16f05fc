//! What is there afterwards: rows compared with production, and who gets in. Every claim is tried.

use tokio_postgres::error::SqlState;

use super::{
    content,
    database::{Login, LoginError},
    scenario::Scenario,
    secret_files::Role,
    stage::Stage,
    summary::{Login as Claim, Table},
};
use crate::error::CommandError;

/// What was found.
pub(super) struct Proofs {
    pub(super) tables: Vec<Table>,
    pub(super) logins: Vec<Claim>,
}

/// Tries everything.
pub(super) async fn gather(stage: &Stage, scenario: &Scenario) -> Result<Proofs, CommandError> {
    let production = content::count(&scenario.production_login(stage)?.must_connect().await?).await?;
    let app = scenario.staging_login(stage).await?;
    let staging = content::count(&app.must_connect().await?).await?;
    let tables = content::TABLES.iter().zip(production.into_iter().zip(staging));
    Ok(Proofs {
        tables: tables
            .map(|(name, (production, staging))| Table { name: format!("shop.{name}"), production, staging })
            .collect(),
        logins: logins(stage, scenario, &app).await?,
    })
}

async fn logins(stage: &Stage, scenario: &Scenario, app: &Login) -> Result<Vec<Claim>, CommandError> {
    let cast = &stage.cast;
    let at_readers = Login::new(scenario.staging_reader().clone(), cast.staging_reader.clone(), stage.authority()?)?;
    Ok(vec![
        refused(app, &cast.production_app, "production's application").await,
        refused(app, &cast.contractor, "the contractor of 2019").await,
        refused(app, &cast.production_master, "production's master password").await,
        let_in(&app.as_role(&cast.analyst), "the analyst, whom the request keeps,").await,
        writes(app, "staging's application").await,
        let_in(&at_readers, "staging's reader, through the readers' endpoint,").await,
        reads_only(&app.as_role(&cast.staging_reader), "staging's reader").await,
    ])
}

async fn refused(app: &Login, role: &Role, who: &str) -> Claim {
    let holds = matches!(app.as_role(role).connect().await, Err(LoginError::Refused));
    Claim { claim: format!("{who} (`{}`) is refused", role.name), holds }
}

async fn let_in(login: &Login, who: &str) -> Claim {
    let holds = match login.connect().await {
        Ok(client) => content::note(&client).await.is_ok(),
        Err(_) => false,
    };
    Claim { claim: format!("{who} gets in and reads (`{}`)", login.role.name), holds }
}

const WRITE: &str = "INSERT INTO shop.products VALUES (-1, 'a proof', 0)";

/// Writes and takes it back.
async fn writes(login: &Login, who: &str) -> Claim {
    let holds = match login.connect().await {
        Ok(mut client) => match client.transaction().await {
            Ok(transaction) => transaction.execute(WRITE, &[]).await.is_ok() && transaction.rollback().await.is_ok(),
            Err(_) => false,
        },
        Err(_) => false,
    };
    Claim { claim: format!("{who} gets in and writes (`{}`)", login.role.name), holds }
}

async fn reads_only(login: &Login, who: &str) -> Claim {
    let holds = match login.connect().await {
        Ok(client) => {
            let refusal = client.execute(WRITE, &[]).await.err();
            refusal.and_then(|error| error.code().cloned()) == Some(SqlState::INSUFFICIENT_PRIVILEGE)
        }
        Err(_) => false,
    };
    Claim { claim: format!("{who} cannot write (`{}`)", login.role.name), holds }
}
