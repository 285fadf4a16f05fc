//! Bills in memory, and the same behind an endpoint that speaks as Cost Explorer documents it. The stand-ins that can be had keep no
//! costs: one plays back what it is given, whatever is asked.

use std::{
    collections::BTreeMap,
    io::{BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use async_trait::async_trait;
use aurora_restore_ops::ports::{Billed, BilledTag, Bills, ServiceResult};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::runtime_api::Request;

/// The tags of a thing.
type Tags = BTreeMap<String, String>;

/// What things cost, in memory.
#[derive(Debug, Default)]
pub struct MemoryBills(Mutex<Vec<(Tags, Billed)>>);

impl MemoryBills {
    /// A thing with these tags cost something.
    pub fn put(&self, tags: &[(&str, &str)], cost: Billed) {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.held().push((tags, cost));
    }

    /// Nothing cost anything, or nothing is known.
    pub fn clear(&self) {
        self.held().clear();
    }

    /// By day and service.
    fn sums(&self, is_wanted: impl Fn(&Tags) -> bool, since: Date, until: Date) -> Vec<Billed> {
        let mut sums: BTreeMap<(Date, String), Billed> = BTreeMap::new();
        let held = self.held();
        let wanted = held.iter().filter(|(tags, cost)| (since..until).contains(&cost.day) && is_wanted(tags));
        for (_, cost) in wanted {
            sums.entry((cost.day, cost.service.clone()))
                .and_modify(|sum| sum.amount += cost.amount)
                .or_insert_with(|| cost.clone());
        }
        sums.into_values().collect()
    }

    fn held(&self) -> MutexGuard<'_, Vec<(Tags, Billed)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Bills for MemoryBills {
    async fn daily(&self, of: &[Vec<BilledTag>], since: Date, until: Date) -> ServiceResult<Vec<Billed>> {
        let bears = |tags: &Tags, tag: &BilledTag| {
            tags.get(&tag.key).is_some_and(|found| tag.value.as_ref().is_none_or(|wanted| wanted == found))
        };
        let is_wanted = |tags: &Tags| of.iter().any(|all| all.iter().all(|tag| bears(tags, tag)));
        Ok(self.sums(is_wanted, since, until))
    }
}

/// Bills behind an endpoint, one day on each page.
#[derive(Debug)]
pub struct BillService {
    url: String,
    bills: Arc<MemoryBills>,
}

impl Default for BillService {
    fn default() -> Self {
        Self::new()
    }
}

impl BillService {
    /// Serves, without costs.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let bills: Arc<MemoryBills> = Arc::default();
        let served = Arc::clone(&bills);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let served = Arc::clone(&served);
                thread::spawn(move || serve(&stream, &served));
            }
        });
        Self { url, bills }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The bills.
    pub fn bills(&self) -> &MemoryBills {
        &self.bills
    }
}

fn serve(mut stream: &TcpStream, bills: &MemoryBills) {
    let mut reader = BufReader::new(stream);
    while let Ok(Some(request)) = Request::read(&mut reader) {
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let (status, body) = answer(&asked, bills).unwrap_or_else(|| {
            (400, json!({ "__type": "ValidationException", "message": "the request is not as documented" }))
        });
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status} Answer\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
            break;
        }
    }
}

/// One page: the day that the token names, or the first.
fn answer(asked: &Value, bills: &MemoryBills) -> Option<(u16, Value)> {
    let day = |field: &str| asked["TimePeriod"][field].as_str()?.parse::<Date>().ok();
    let (since, until) = (day("Start")?, day("End")?);
    let by_service = json!([{ "Type": "DIMENSION", "Key": "SERVICE" }]);
    if since >= until || asked["Granularity"] != "DAILY" || asked["GroupBy"] != by_service {
        return None;
    }
    let metric = asked["Metrics"].as_array().filter(|metrics| metrics.len() == 1)?[0].as_str()?;
    // Every tag is looked at once by itself, so that a filter that cannot be read is refused and not taken as holding for nothing.
    holds(&asked["Filter"], &Tags::new())?;
    let at = match &asked["NextPageToken"] {
        Value::Null => since,
        token => token.as_str()?.parse().ok()?,
    };
    let next = at.tomorrow().ok()?;
    let groups: Vec<Value> = bills
        .sums(|tags| holds(&asked["Filter"], tags) == Some(true), at, next)
        .into_iter()
        .map(|cost| {
            let amount = json!({ "Amount": cost.amount.to_string(), "Unit": cost.currency });
            json!({ "Keys": [cost.service], "Metrics": { metric: amount } })
        })
        .collect();
    let page = json!({ "TimePeriod": { "Start": at, "End": next }, "Total": {}, "Groups": groups, "Estimated": false });
    let token = (next < until).then(|| next.to_string());
    Some((200, json!({ "ResultsByTime": [page], "NextPageToken": token })))
}

/// Whether a filter holds for a thing; none where it is not as documented.
fn holds(filter: &Value, tags: &Tags) -> Option<bool> {
    let filter = filter.as_object().filter(|filter| filter.len() == 1)?;
    let (kind, of) = filter.iter().next()?;
    let parts = || {
        let parts = of.as_array().filter(|parts| parts.len() > 1)?;
        parts.iter().map(|part| holds(part, tags)).collect::<Option<Vec<bool>>>()
    };
    match kind.as_str() {
        "Or" => Some(parts()?.contains(&true)),
        "And" => Some(!parts()?.contains(&false)),
        "Not" => Some(!holds(of, tags)?),
        "Tags" => {
            let found = tags.get(of["Key"].as_str()?);
            match &of["Values"] {
                Value::Null => Some(found.is_none()),
                values => Some(found.is_some_and(|found| {
                    values.as_array().is_some_and(|values| values.iter().any(|value| value == found.as_str()))
                })),
            }
        }
        _ => None,
    }
}
