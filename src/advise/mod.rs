//! Configurations that are right for a gateway: what `clawprobe advise` prints.
//!
//! A [`product`] is a template and what belongs to it, read from `matrices/advice`; an [`ask`] is the gateway, the hop and where
//! it is to listen; [`page`] fills the one from the other, every word quoted as the product's [`syntax`] wants it. Pure: nothing
//! here asks anybody.

pub mod ask;
pub mod name;
pub mod page;
pub mod product;
pub mod syntax;
