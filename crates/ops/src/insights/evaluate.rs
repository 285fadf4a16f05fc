//! Answering a query on lines: each is filtered as it comes, and only what is needed of it is kept.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use jiff::Timestamp;
use thiserror::Error;

use super::{
    aggregate::Sum,
    event::{LogEvent, time},
    parse::ROWS_MAX,
    query::{Aggregate, Column, Command, Comparison, Expression, Figure, Key, Operator, Query},
    value::Value,
};

/// The most lines, or groups of lines, that are kept at once.
pub const EVENTS_MAX: usize = 200_000;

/// More lines than can be kept match the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("more than {EVENTS_MAX} lines match the query")]
pub struct TooMuch;

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the columns are called.
    pub columns: Vec<String>,
    /// The rows; nothing where a line has no such field.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many lines were looked at.
    pub looked_at: u64,
    /// How many of them have fields of their own: lines of JSON, and what Lambda writes of an invocation.
    pub with_fields: u64,
    /// How many of them were neither filtered out nor without a time that is asked for.
    pub matched: u64,
}

/// A line or a group, with its fields.
#[derive(Debug, Clone)]
struct Row {
    at: Option<Timestamp>,
    fields: BTreeMap<String, Value>,
}

type Groups = BTreeMap<Vec<Option<String>>, (Vec<Value>, Vec<Sum>)>;

/// An answer that is being found.
#[derive(Debug)]
pub struct Evaluation<'q> {
    /// What is done with each line as it comes.
    first: &'q [Command],
    /// The groups that lines are added to, if there are any.
    stats: Option<(&'q [Figure], &'q [Column])>,
    /// What is done with all of them at the end.
    then: &'q [Command],
    rows: Vec<Row>,
    groups: Groups,
    looked_at: u64,
    with_fields: u64,
    matched: u64,
}

impl<'q> Evaluation<'q> {
    /// Nothing was looked at yet.
    pub fn of(query: &'q Query) -> Self {
        let commands = &query.commands;
        let is_whole = |command: &Command| !matches!(command, Command::Fields(_) | Command::Filter(_));
        let split = commands.iter().position(is_whole).unwrap_or(commands.len());
        let (first, rest) = commands.split_at(split);
        let (stats, then) = match rest {
            [Command::Stats { figures, by }, then @ ..] => (Some((figures.as_slice(), by.as_slice())), then),
            _ => (None, rest),
        };
        Self { first, stats, then, rows: Vec::new(), groups: Groups::new(), looked_at: 0, with_fields: 0, matched: 0 }
    }

    /// Looks at a line.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub fn add(&mut self, event: &LogEvent) -> Result<(), TooMuch> {
        self.looked_at += 1;
        let (fields, own) = event.fields();
        self.with_fields += u64::from(own > 0);
        let mut row = Row { at: Some(event.at), fields };
        for command in self.first {
            match command {
                Command::Fields(columns) => row.show(columns),
                Command::Filter(condition) if !row.value(condition).holds() => return Ok(()),
                Command::Filter(_) | Command::Stats { .. } | Command::Sort(_) | Command::Limit(_) => {}
            }
        }
        self.matched += 1;
        match self.stats {
            Some((figures, by)) => add_to(&mut self.groups, &row, figures, by),
            None => self.rows.push(row),
        }
        if self.rows.len() > EVENTS_MAX || self.groups.len() > EVENTS_MAX { Err(TooMuch) } else { Ok(()) }
    }

    /// The answer.
    pub fn answer(self) -> Answer {
        let mut columns = columns_of(self.first);
        let mut rows = self.rows;
        let is_sorted = self.then.iter().any(|command| matches!(command, Command::Sort(_)));
        match self.stats {
            Some((figures, by)) => {
                columns = by.iter().map(|column| column.name.clone()).collect();
                columns.extend(figures.iter().map(|figure| figure.name.clone()));
                rows = of_groups(self.groups, figures, by);
            }
            None if !is_sorted => rows.sort_by_key(|row| Reverse(row.at)),
            None => {}
        }
        let mut limit = ROWS_MAX;
        for command in self.then {
            match command {
                Command::Fields(more) => {
                    rows.iter_mut().for_each(|row| row.show(more));
                    columns.extend(more.iter().map(|column| column.name.clone()));
                }
                Command::Filter(condition) => rows.retain(|row| row.value(condition).holds()),
                Command::Stats { figures, by } => {
                    let mut groups = Groups::new();
                    rows.iter().for_each(|row| add_to(&mut groups, row, figures, by));
                    columns = by.iter().map(|column| column.name.clone()).collect();
                    columns.extend(figures.iter().map(|figure| figure.name.clone()));
                    rows = of_groups(groups, figures, by);
                }
                Command::Sort(keys) => rows.sort_by(|one, other| one.sorted(other, keys)),
                Command::Limit(most) => {
                    limit = limit.min(*most);
                    rows.truncate(limit);
                }
            }
        }
        rows.truncate(limit);
        if columns.is_empty() {
            columns = ["@timestamp", "@message"].map(str::to_owned).to_vec();
        }
        let told = |row: &Row| columns.iter().map(|column| row.field(column).told()).collect();
        let rows = rows.iter().map(told).collect();
        Answer { columns, rows, looked_at: self.looked_at, with_fields: self.with_fields, matched: self.matched }
    }
}

fn columns_of(commands: &[Command]) -> Vec<String> {
    let mut columns = Vec::new();
    for command in commands {
        match command {
            Command::Fields(more) => columns.extend(more.iter().map(|column| column.name.clone())),
            Command::Filter(_) | Command::Stats { .. } | Command::Sort(_) | Command::Limit(_) => {}
        }
    }
    columns
}

fn add_to(groups: &mut Groups, row: &Row, figures: &[Figure], by: &[Column]) {
    let key: Vec<Value> = by.iter().map(|column| row.value(&column.value)).collect();
    let told = key.iter().map(Value::told).collect();
    let (_, sums) = groups.entry(told).or_insert_with(|| (key, vec![Sum::default(); figures.len()]));
    let at = row.at.map_or(Value::Absent, |at| Value::Text(time(at)));
    for (figure, sum) in figures.iter().zip(sums) {
        let value = match &figure.aggregate {
            // Every line counts.
            Aggregate::Count(None) => Value::Truth(true),
            Aggregate::Count(Some(of))
            | Aggregate::CountDistinct(of)
            | Aggregate::Sum(of)
            | Aggregate::Average(of)
            | Aggregate::Least(of)
            | Aggregate::Greatest(of)
            | Aggregate::Percentile(of, _)
            | Aggregate::Earliest(of)
            | Aggregate::Latest(of) => row.value(of),
        };
        sum.add(&figure.aggregate, value, &at);
    }
}

fn of_groups(groups: Groups, figures: &[Figure], by: &[Column]) -> Vec<Row> {
    let row = |(key, sums): (Vec<Value>, Vec<Sum>)| {
        let names = by.iter().map(|column| column.name.clone());
        let mut fields: BTreeMap<String, Value> = names.zip(key).collect();
        let figured = figures.iter().zip(sums);
        fields.extend(figured.map(|(figure, sum)| (figure.name.clone(), sum.result(&figure.aggregate))));
        Row { at: None, fields }
    };
    groups.into_values().map(row).collect()
}

impl Row {
    fn show(&mut self, columns: &[Column]) {
        for column in columns {
            let value = self.value(&column.value);
            let _previous = self.fields.insert(column.name.clone(), value);
        }
    }

    fn field(&self, name: &str) -> Value {
        self.fields.get(name).cloned().unwrap_or(Value::Absent)
    }

    fn sorted(&self, other: &Self, keys: &[Key]) -> Ordering {
        let orders = keys.iter().map(|key| self.field(&key.field).sorted(&other.field(&key.field), key.descending));
        orders.fold(Ordering::Equal, Ordering::then)
    }

    fn value(&self, expression: &Expression) -> Value {
        match expression {
            Expression::Field(name) => self.field(name),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Number(number) => Value::Number(*number),
            Expression::Not(inner) => Value::Truth(!self.value(inner).holds()),
            Expression::And(one, other) => Value::Truth(self.value(one).holds() && self.value(other).holds()),
            Expression::Or(one, other) => Value::Truth(self.value(one).holds() || self.value(other).holds()),
            Expression::Compare(one, comparison, other) => {
                let ordering = self.value(one).compared(&self.value(other));
                Value::Truth(ordering.is_some_and(|ordering| comparison.holds(ordering)))
            }
            Expression::Like(inner, pattern) => {
                Value::Truth(self.value(inner).told().is_some_and(|text| pattern.is_match(&text)))
            }
            Expression::In(inner, members) => {
                let value = self.value(inner);
                let is_it = |member| value.compared(&self.value(member)) == Some(Ordering::Equal);
                Value::Truth(members.iter().any(is_it))
            }
            Expression::Calculate(one, operator, other) => {
                let numbers = self.value(one).number().zip(self.value(other).number());
                numbers.and_then(|(one, other)| operator.of(one, other)).map_or(Value::Absent, Value::Number)
            }
            Expression::IsPresent(inner) => Value::Truth(self.value(inner).is_present()),
            Expression::Bin(span) => self.bin(*span),
        }
    }

    fn bin(&self, span: i64) -> Value {
        let millis = self.at.map(Timestamp::as_millisecond);
        let begins = millis.map(|millis| millis - millis.rem_euclid(span));
        let at = begins.and_then(|millis| Timestamp::from_millisecond(millis).ok());
        at.map_or(Value::Absent, |at| Value::Text(time(at)))
    }
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

impl Operator {
    /// Nothing where there is no such number.
    fn of(self, one: f64, other: f64) -> Option<f64> {
        let result = match self {
            Self::Add => one + other,
            Self::Subtract => one - other,
            Self::Multiply => one * other,
            Self::Divide => one / other,
        };
        result.is_finite().then_some(result)
    }
}

#[cfg(test)]
mod tests;
