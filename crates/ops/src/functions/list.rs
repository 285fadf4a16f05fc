//! What functions run.

use futures_util::future::try_join_all;

use super::{ALIAS, FunctionName, FunctionsError, names::shown};
use crate::{
    follow::patiently,
    ports::{Alias, FunctionFacts, Functions},
};

/// A function as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The function.
    pub function: FunctionName,
    /// What can still be changed of it.
    pub latest: FunctionFacts,
    /// What its alias points to.
    pub alias: Alias,
    /// Every published version, the oldest first.
    pub versions: Vec<FunctionFacts>,
}

impl Standing {
    /// A published version.
    pub fn version(&self, number: u64) -> Option<&FunctionFacts> {
        self.versions.iter().find(|version| version.version == Some(number))
    }

    /// The version that serves, or most of it.
    ///
    /// # Errors
    /// [`FunctionsError::Missing`] where somebody has deleted it.
    pub fn live(&self) -> Result<&FunctionFacts, FunctionsError> {
        let number = self.alias.pointing.version;
        let what = || format!("version {number} of function {}, to which its alias points,", self.function.whole);
        self.version(number).ok_or_else(|| FunctionsError::Missing { what: what() })
    }

    /// The version that serves, where a version that is published now would be of its code: only then may another size of it be
    /// published without putting live what was taken back, or what nobody has agreed to.
    ///
    /// # Errors
    /// [`FunctionsError::Unsettled`], [`FunctionsError::OtherCode`], [`FunctionsError::Missing`].
    pub fn republishable(&self) -> Result<&FunctionFacts, FunctionsError> {
        let (function, pointing) = (&self.function.whole, self.alias.pointing);
        if let Some(shift) = pointing.shift {
            return Err(FunctionsError::Unsettled { function: function.clone(), version: shift.version });
        }
        let live = self.live()?;
        if live.code_sha256 == self.latest.code_sha256 {
            return Ok(live);
        }
        Err(FunctionsError::OtherCode {
            function: function.clone(),
            version: pointing.version,
            serving: shown(&live.code_sha256).to_owned(),
            latest: shown(&self.latest.code_sha256).to_owned(),
        })
    }

    /// The number of the newest version.
    pub fn newest(&self) -> Option<u64> {
        self.versions.iter().filter_map(|version| version.version).max()
    }
}

/// Looks at functions.
///
/// # Errors
/// [`FunctionsError::Missing`] where one of them or its alias is not there.
pub async fn look(functions: &dyn Functions, names: &[FunctionName]) -> Result<Vec<Standing>, FunctionsError> {
    try_join_all(names.iter().map(|name| look_at(functions, name))).await
}

pub(super) async fn look_at(functions: &dyn Functions, name: &FunctionName) -> Result<Standing, FunctionsError> {
    let missing = |what: String| FunctionsError::Missing { what };
    let latest = patiently(|| functions.describe(&name.whole, None)).await?;
    let latest = latest.ok_or_else(|| missing(format!("function {}", name.whole)))?;
    let alias = patiently(|| functions.alias(&name.whole, ALIAS)).await?;
    let alias = alias.ok_or_else(|| missing(format!("alias {ALIAS} of function {}", name.whole)))?;
    let versions = patiently(|| functions.versions(&name.whole)).await?;
    Ok(Standing { function: name.clone(), latest, alias, versions })
}
