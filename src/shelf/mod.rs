//! The knowledge: symptoms, probes, matrices and overlays, read through one loader and one validator.

pub mod symptom;
