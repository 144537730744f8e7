-- A sensor asks every few seconds which uploads were corrected since their chunks were made: few of ten thousand ever were.
create index documents_corrected on documents (corrected_at) where corrected_at is not null;
create index lectures_corrected on lectures (corrected_at) where corrected_at is not null;
