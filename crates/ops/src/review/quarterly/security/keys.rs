//! The keys that the stack's things and its restores are under, by the same look as `keys review`.

use super::super::super::{
    finding::{Finding, Seen, counted},
    site::{Deployed, Site},
};
use crate::{
    Level, Reach, Unlooked,
    follow::patiently,
    keys::{self, KeyFinding},
    ports::Keys,
};

pub(super) async fn look(site: &Site<'_>) -> Reach<Seen> {
    site.keys.as_ref().and(site.deployed.as_ref()).then(|(keys, deployed)| audit(site, *keys, deployed)).await
}

async fn audit(site: &Site<'_>, port: &dyn Keys, deployed: &Deployed) -> Seen {
    let subjects = match keys::of_stack(&deployed.stack, &deployed.resources) {
        Ok(subjects) => subjects,
        Err(error) => {
            let what = format!("the keys of stack {} are not named as keys are: {error}", deployed.stack.name);
            let findings = vec![Finding::new(Level::Error, what, site.command("stack status"))];
            return Seen { looked_at: "no key".to_owned(), findings };
        }
    };
    match patiently(|| keys::review(port, &subjects)).await {
        Ok(review) => Seen {
            looked_at: counted(review.looked_at.len(), "key"),
            findings: review.findings.into_iter().map(finding).collect(),
        },
        Err(error) => {
            Seen { looked_at: "no key".to_owned(), findings: vec![super::of_part("the keys", Unlooked::from(error))] }
        }
    }
}

fn finding(found: KeyFinding) -> Finding {
    let level = match found.level {
        keys::Level::Alarm => Level::Error,
        keys::Level::Warning => Level::Warning,
        keys::Level::Note => Level::Note,
    };
    Finding::new(level, found.what, found.mend).with("key", found.key).with("seen", found.evidence)
}
