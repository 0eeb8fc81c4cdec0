//! Objects that are part of a row itself.

use super::{
    object::{Described, Object},
    selection::Selection,
    types::{Child, child},
    write::{Nulled, Writer},
};

/// A part of rows of type `T`.
pub(super) trait Part<T>: Send + Sync {
    fn child(&self) -> Child;
    fn write<'a>(&self, row: &T, selection: &'a Selection, writer: &mut Writer<'a>) -> Result<(), Nulled>;
}

/// The parts that a function finds in the row. They have no relations of their own.
pub(super) struct PartsOf<T, U>(pub(super) fn(&T) -> &[U]);

/// The part that a function finds in the row. It has no relations of its own.
pub(super) struct PartOf<T, U>(pub(super) fn(&T) -> &U);

impl<T: Described, U: Described> Part<T> for PartOf<T, U> {
    fn child(&self) -> Child {
        child::<U>()
    }

    fn write<'a>(&self, row: &T, selection: &'a Selection, writer: &mut Writer<'a>) -> Result<(), Nulled> {
        let object: &Object<U> = selection.object.as_any().downcast_ref().expect("planned on the part's own type");
        object.write_row((self.0)(row), 0, selection, &[], writer)
    }
}

impl<T: Described, U: Described> Part<T> for PartsOf<T, U> {
    fn child(&self) -> Child {
        child::<U>()
    }

    fn write<'a>(&self, row: &T, selection: &'a Selection, writer: &mut Writer<'a>) -> Result<(), Nulled> {
        let object: &Object<U> = selection.object.as_any().downcast_ref().expect("planned on the parts' own type");
        writer.list((self.0)(row), |writer, part| object.write_row(part, 0, selection, &[], writer))
    }
}
