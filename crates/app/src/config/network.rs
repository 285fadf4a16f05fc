//! The network between here and AWS: the proxy, and the hosts to which `http` is spoken.

use std::collections::BTreeMap;

use aurora_restore_aws::{EndpointUrl, HttpHosts, HttpProxy, InvalidEndpoint, Network};

use super::{
    Origin, Problem, Sources,
    reader::Reader,
    reference,
    schema::{self, Shape},
    value::{self, Value},
};

const HTTP_HOSTS: &str = "aws.http-hosts";

/// Reads what the configuration says of it, and the variables that every tool obeys.
pub(super) fn read(reader: &Reader<'_>, sources: &Sources) -> Network {
    let http_hosts = HttpHosts::new(reader.list(HTTP_HOSTS).unwrap_or_default()).unwrap_or_else(|invalid| {
        reader.refuse(HTTP_HOSTS, invalid, None);
        HttpHosts::default()
    });
    Network { proxy: reader.noted(proxy(&sources.environment)).flatten(), http_hosts }
}

/// What variables alone say of it.
pub(super) fn of_variables(environment: &BTreeMap<String, String>) -> Result<Network, Problem> {
    let variable = schema::variable(HTTP_HOSTS);
    let refused = |message: String| Problem {
        message,
        origin: Some(Origin::Environment { variable: variable.clone() }),
        hint: reference::example(HTTP_HOSTS),
    };
    let hosts = match environment.get(&variable).map(|text| value::from_text(Shape::List, text)) {
        Some(Ok(Value::List(hosts))) => hosts,
        Some(Err(reason)) => return Err(refused(reason)),
        Some(Ok(_)) | None => Vec::new(),
    };
    let http_hosts = HttpHosts::new(&hosts).map_err(|invalid| refused(invalid.to_string()))?;
    Ok(Network { proxy: proxy(environment)?, http_hosts })
}

/// What to do about an endpoint to whose host `http` is not spoken; none where there is nothing to do but to write `https`.
pub fn hint(invalid: &InvalidEndpoint) -> Option<String> {
    let host = invalid.unlisted.as_ref()?;
    Some(emulators(&format!("`{HTTP_HOSTS} = [\"{host}\"]`, or {}={host}", schema::variable(HTTP_HOSTS))))
}

/// How an emulator is named, and what that means.
fn emulators(how: &str) -> String {
    format!(
        "If an emulator of AWS is there, in a network that you trust: {how}. Credentials and secrets then cross that network in \
         the clear."
    )
}

/// The hosts to which the functions of a stack will speak `http`, by its parameters: the hosts that are named for that, and
/// its endpoints, each with the name of its parameter. Empty ones are not set.
///
/// # Errors
/// [`Problem`] with what its functions would refuse.
pub fn endpoints_on_stack(http_hosts: &str, endpoints: &[(&str, &str)]) -> Result<Vec<String>, Problem> {
    let refused = |message, hint| Problem { message, origin: None, hint };
    let named = http_hosts.split(',').map(str::trim).filter(|host| !host.is_empty());
    let hosts = HttpHosts::new(named).map_err(|invalid| {
        let hint =
            "Give the names or IP addresses of emulators, separated by commas; for AWS leave it empty.".to_owned();
        refused(format!("HttpHosts: {invalid}"), Some(hint))
    })?;
    let mut in_the_clear = Vec::new();
    for (name, text) in endpoints.iter().filter(|(_, text)| !text.is_empty()) {
        let url = EndpointUrl::with_hosts(text, &hosts).map_err(|invalid| {
            let hint = invalid.unlisted.as_ref().map(|host| emulators(&format!("`--parameter HttpHosts={host}`")));
            refused(format!("{name}: {invalid}"), hint)
        })?;
        let host = url.host_in_the_clear().map(str::to_owned);
        if let Some(host) = host.filter(|host| !in_the_clear.contains(host)) {
            in_the_clear.push(host);
        }
    }
    Ok(in_the_clear)
}

/// The proxy of the variables that every tool obeys. They are no keys of ours: a machine has them or has them not.
fn proxy(environment: &BTreeMap<String, String>) -> Result<Option<HttpProxy>, Problem> {
    let first = |variables: &[&str]| {
        let set = variables.iter().filter_map(|name| Some((*name, environment.get(*name)?)));
        set.map(|(name, text)| (name.to_owned(), text.clone())).find(|(_, text)| !text.trim().is_empty())
    };
    let Some((variable, url)) = first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]) else {
        return Ok(None);
    };
    let bypass = first(&["NO_PROXY", "no_proxy"]).map(|(_, hosts)| hosts).unwrap_or_default();
    HttpProxy::new(url.trim(), &bypass).map(Some).map_err(|invalid| Problem {
        message: invalid.to_string(),
        origin: Some(Origin::Environment { variable }),
        hint: Some("It looks like http://proxy.example.com:3128; unset it where there is no proxy.".to_owned()),
    })
}
