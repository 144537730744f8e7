-- Slides that a presentation hides are left out of its PDF; how many it has with them says how many those are.
alter table document_pdfs add column slide_count integer check (slide_count >= 0);
comment on column document_pdfs.slide_count is
    'slides of the presentation, hidden ones too; null: it is none, or the PDF was made before they were counted';
