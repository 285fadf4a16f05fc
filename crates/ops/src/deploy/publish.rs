//! What a stack is made from, put where CloudFormation can read it.

use super::{Deployment, Purpose};
use crate::{
    error::OpsError,
    follow::{Narrator, patiently},
    package::digest,
    ports::{Artifacts, ObjectVersion, Stack, TEMPLATE_BYTES_MAX, TemplateSource},
};

/// The version of code that is in no bucket yet, for a change set that is only looked at.
const NOT_THERE_YET: &str = "not-there-yet";

/// Where things are.
pub(super) struct Published {
    pub(super) bucket: String,
    pub(super) code_version: String,
    pub(super) template: TemplateSource,
}

pub(super) async fn publish(
    artifacts: &dyn Artifacts,
    deployment: &Deployment,
    found: Option<&Stack>,
    purpose: Purpose,
    narrator: &mut dyn Narrator,
) -> Result<Published, OpsError> {
    let of_stack = found.and_then(|stack| stack.parameters.get("CodeBucket")).filter(|name| !name.is_empty());
    let bucket = deployment.bucket.as_ref().or(of_stack).unwrap_or(&deployment.usual_bucket).clone();
    let is_there = open(artifacts, deployment, &bucket, purpose, narrator).await?;
    let shelf = Shelf { artifacts, bucket: &bucket, purpose, is_there };
    let code = shelf.keep(&deployment.package.key(), &deployment.package.content, "the package", narrator).await?;
    let template = if deployment.template.len() <= TEMPLATE_BYTES_MAX {
        TemplateSource::Text(deployment.template.clone())
    } else {
        let content = deployment.template.as_bytes();
        let key = format!("templates/{}.yaml", digest(content));
        // A template is read when the change set is made, so it has to be there even for one that is only looked at.
        let shelf = Shelf { purpose: Purpose::Deploy, ..shelf };
        let kept = shelf.keep(&key, content, "the template", narrator).await?.ok_or_else(|| shelf.missing())?;
        TemplateSource::Url(kept.url)
    };
    let code_version = code.map_or_else(|| NOT_THERE_YET.to_owned(), |version| version.id);
    Ok(Published { bucket, code_version, template })
}

/// Looks at the bucket, and makes it where that is wanted. Gives whether it is there.
async fn open(
    artifacts: &dyn Artifacts,
    deployment: &Deployment,
    bucket: &str,
    purpose: Purpose,
    narrator: &mut dyn Narrator,
) -> Result<bool, OpsError> {
    let unversioned = || OpsError::Bucket {
        bucket: bucket.to_owned(),
        reason: "keeps no versions of its objects; switch versioning on, or name another one".to_owned(),
    };
    match (patiently(|| artifacts.bucket(bucket)).await?, purpose) {
        (Some(found), _) if found.versioned => Ok(true),
        // Somebody's own bucket is not changed, and not used either way. Ours was left half made.
        (Some(_), _) if bucket != deployment.usual_bucket => Err(unversioned()),
        // A name that was mistyped, or that somebody else is to make.
        (None, Purpose::Deploy) if bucket != deployment.usual_bucket => Err(OpsError::Bucket {
            bucket: bucket.to_owned(),
            reason: "does not exist; make it with versioning, or leave `--bucket` out".to_owned(),
        }),
        (Some(_) | None, Purpose::Deploy) => {
            narrator.note(&format!("making bucket {bucket}: versioned, encrypted, closed to the public"));
            patiently(|| artifacts.make_bucket(bucket)).await?;
            Ok(true)
        }
        (Some(_) | None, Purpose::Show) => Ok(false),
    }
}

/// A bucket, and whether something may be put into it.
struct Shelf<'p> {
    artifacts: &'p dyn Artifacts,
    bucket: &'p str,
    purpose: Purpose,
    is_there: bool,
}

impl Shelf<'_> {
    /// Puts content under its key unless just that is there. `None` if it is not there and nothing may be put.
    async fn keep(
        &self,
        key: &str,
        content: &[u8],
        what: &str,
        narrator: &mut dyn Narrator,
    ) -> Result<Option<ObjectVersion>, OpsError> {
        if !self.is_there {
            return Ok(None);
        }
        if let Some(kept) = patiently(|| self.artifacts.holding(self.bucket, key, content)).await? {
            return Ok(Some(kept));
        }
        if self.purpose == Purpose::Show {
            return Ok(None);
        }
        narrator.note(&format!("sending {what}, {} KiB, to s3://{}/{key}", content.len().div_ceil(1024), self.bucket));
        // If we die here, the next run finds either the whole object or none.
        Ok(Some(patiently(|| self.artifacts.put(self.bucket, key, content)).await?))
    }

    fn missing(&self) -> OpsError {
        OpsError::Bucket {
            bucket: self.bucket.to_owned(),
            reason: "is not there yet, or not finished, and the template is too large to be sent without one; `stack deploy` makes it"
                .to_owned(),
        }
    }
}
