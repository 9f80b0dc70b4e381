//! From facts and rows to a verdict. Pure: it knows neither probes nor the network.

pub mod causes;
pub mod condition;
pub mod verdict;
