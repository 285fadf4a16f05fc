//! A query that was understood.

use regex_lite::Regex;

/// A query: its commands in order.
#[derive(Debug, Clone)]
pub struct Query {
    pub(super) commands: Vec<Command>,
}

#[derive(Debug, Clone)]
pub(super) enum Command {
    Fields(Vec<Column>),
    Filter(Expression),
    Stats { figures: Vec<Figure>, by: Vec<Column> },
    Sort(Vec<Key>),
    Limit(usize),
}

/// What a column shows, and what it is called.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) value: Expression,
    pub(super) name: String,
}

/// A figure of a group, and what it is called.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) aggregate: Aggregate,
    pub(super) name: String,
}

#[derive(Debug, Clone)]
pub(super) enum Aggregate {
    /// How many lines there are, or how many have a value.
    Count(Option<Expression>),
    CountDistinct(Expression),
    Sum(Expression),
    Average(Expression),
    Least(Expression),
    Greatest(Expression),
    Percentile(Expression, f64),
    Earliest(Expression),
    Latest(Expression),
}

/// What is sorted by.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) field: String,
    pub(super) descending: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Expression {
    Field(String),
    Text(String),
    Number(f64),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Compare(Box<Expression>, Comparison, Box<Expression>),
    Like(Box<Expression>, Regex),
    In(Box<Expression>, Vec<Expression>),
    Calculate(Box<Expression>, Operator, Box<Expression>),
    IsPresent(Box<Expression>),
    /// The time of a line, rounded down to so many milliseconds.
    Bin(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}
