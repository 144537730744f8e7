create table weak_sandboxes (
    machine text primary key,
    missing text not null,
    seen_at timestamptz not null default now()
);
comment on table weak_sandboxes is 'machines that read strangers'' files without a guard that is required, because ACCEPT_WEAK_SANDBOX says so; a row goes when its machine has all of them, or no longer accepts';
comment on column weak_sandboxes.missing is 'which guards, what each gives, and why the kernel refuses it';
