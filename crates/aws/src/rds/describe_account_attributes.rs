//! `DescribeAccountAttributes`.

use aurora_restore_core::ports::{AccountQuota, RdsResult};

use super::AwsRds;
use crate::failure::Call;

/// The account's quotas in the Region, under RDS's names.
pub(super) async fn all(rds: &AwsRds) -> RdsResult<Vec<AccountQuota>> {
    let call = Call::new("DescribeAccountAttributes");
    let answer = rds.client.describe_account_attributes().send().await.map_err(|error| call.failed(&error))?;
    Ok(answer
        .account_quotas()
        .iter()
        .filter_map(|quota| {
            Some(AccountQuota {
                name: quota.account_quota_name()?.to_owned(),
                used: quota.used()?.try_into().ok()?,
                max: quota.max()?.try_into().ok()?,
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ports::RdsReads;

    use super::*;
    use crate::rds::replay::{Replay, reply};

    #[tokio::test]
    async fn quotas_keep_the_names_that_rds_gives_them() {
        let replay = Replay::answering([reply(
            "DescribeAccountAttributes",
            "<AccountQuotas>
               <AccountQuota><AccountQuotaName>DBClusters</AccountQuotaName><Used>3</Used><Max>40</Max></AccountQuota>
               <AccountQuota><AccountQuotaName>ManualClusterSnapshots</AccountQuotaName><Used>99</Used><Max>100</Max>
               </AccountQuota>
             </AccountQuotas>",
        )]);
        let quotas = replay.rds().quotas().await.unwrap();
        assert_eq!(quotas[1], AccountQuota { name: "ManualClusterSnapshots".into(), used: 99, max: 100 });
        assert_eq!(quotas[0].name, "DBClusters");
        assert_eq!(replay.only_form(), "Action=DescribeAccountAttributes");
    }
}
