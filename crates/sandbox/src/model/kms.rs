//! Which key an id means, and who may use it.

use super::error::{RdsError, RdsErrorCode};
use super::resources::KmsKey;
use super::state::{DEFAULT_KEY_ALIAS, PlaceIx, PlaceState};
use super::world::World;
use super::{AccountId, RegionName};

/// The ARN of a key.
pub(crate) fn key_arn(region: &RegionName, account: &AccountId, key: &KmsKey) -> String {
    format!("arn:aws:kms:{region}:{account}:key/{}", key.key_id)
}

fn not_accessible(asked: &str) -> RdsError {
    RdsError::new(
        RdsErrorCode::KmsKeyNotAccessible,
        format!(
            "The specified KMS key [{asked}] does not exist, is not enabled or you do not have permissions to \
             access it."
        ),
    )
}

impl PlaceState {
    fn key_named(&self, name: &str) -> Option<&KmsKey> {
        let alias = name.strip_prefix("alias/");
        let id = name.strip_prefix("key/").unwrap_or(name);
        self.keys.iter().find(|key| match alias {
            Some(alias) => key.alias.as_deref() == Some(alias),
            None => key.key_id == id,
        })
    }
}

impl World {
    /// The ARN of the key that a caller here means: an id or alias of its own account, or an ARN in this
    /// Region whose key policy lets the caller in.
    pub(crate) fn usable_key(&self, here: PlaceIx, asked: &str) -> Result<String, RdsError> {
        let caller = self.place(here);
        let (owner, name) = match asked.strip_prefix("arn:aws:kms:") {
            None => (here, asked),
            Some(rest) => {
                let mut parts = rest.splitn(3, ':');
                let (Some(region), Some(account), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
                    return Err(not_accessible(asked));
                };
                if region != caller.region.as_str() {
                    return Err(not_accessible(asked));
                }
                (self.find_place(account, region).ok_or_else(|| not_accessible(asked))?, name)
            }
        };
        let place = self.place(owner);
        let key = place.key_named(name).ok_or_else(|| not_accessible(asked))?;
        let may_use = owner == here || key.allowed_accounts.contains(&caller.account);
        if key.disabled || !may_use {
            return Err(not_accessible(asked));
        }
        Ok(key_arn(&place.region, &place.account, key))
    }

    /// Refuses a source whose key the account may not use, wherever the key lives.
    pub(crate) fn check_source_key(&self, account: &AccountId, arn: &str) -> Result<(), RdsError> {
        let mut parts = arn.split(':').skip(3);
        let (region, owner) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let id = arn.rsplit_once('/').map_or("", |(_, id)| id);
        let key = self.find_place(owner, region).and_then(|place| self.place(place).key_named(id));
        match key {
            Some(key) if !key.disabled && (owner == account.as_str() || key.allowed_accounts.contains(account)) => {
                Ok(())
            }
            _ => Err(not_accessible(arn)),
        }
    }

    /// Whether this is a key that RDS made for itself; such a key cannot be shared.
    pub(crate) fn is_default_key(&self, arn: &str) -> bool {
        let id = arn.rsplit_once('/').map_or("", |(_, id)| id);
        self.places()
            .any(|(_, place)| place.key_named(id).is_some_and(|key| key.alias.as_deref() == Some(DEFAULT_KEY_ALIAS)))
    }
}
