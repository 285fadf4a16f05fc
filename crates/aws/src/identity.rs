//! Which account answers, asked once (`GetCallerIdentity`).

use aurora_restore_core::{
    ids::AccountId,
    ports::{CloudError, RdsErrorKind, Side},
};
use aws_sdk_sts::Client;
use tokio::sync::OnceCell;

use crate::failure::{Call, Failure};

/// The identity behind one side's credentials.
#[derive(Debug)]
pub(crate) struct Identity {
    side: Side,
    client: Client,
    account: OnceCell<AccountId>,
}

impl Identity {
    pub(crate) fn new(side: Side, client: Client) -> Self {
        Self { side, client, account: OnceCell::new() }
    }

    /// An identity that is known and never asked for.
    #[cfg(test)]
    pub(crate) fn known(side: Side, client: Client, account: AccountId) -> Self {
        Self { side, client, account: OnceCell::new_with(Some(account)) }
    }

    /// The account. Kept once it is known; a failure is not kept.
    pub(crate) async fn account(&self) -> Result<AccountId, CloudError> {
        self.account.get_or_try_init(|| self.ask()).await.cloned().map_err(|failure| self.unusable(&failure))
    }

    async fn ask(&self) -> Result<AccountId, Failure> {
        let answer = self
            .client
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| Failure::of(&error, Call::new("GetCallerIdentity")))?;
        let account = answer.account().unwrap_or_default();
        AccountId::new(account).map_err(|invalid| Failure::malformed(invalid.to_string()))
    }

    fn unusable(&self, failure: &Failure) -> CloudError {
        CloudError {
            side: match self.side {
                Side::Source => "source",
                Side::Target => "target",
            },
            reason: format!("{}: {}", failure.code, failure.message),
            retryable: matches!(failure.kind, RdsErrorKind::Unavailable | RdsErrorKind::Throttled),
        }
    }
}
