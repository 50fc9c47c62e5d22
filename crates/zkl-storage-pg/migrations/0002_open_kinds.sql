-- Format 2: kinds of entries are open. Whoever appends names the kind, as datasets are named; there is no list of kinds to be in.

alter table transactions drop constraint transactions_operation_fkey;
alter table transactions add constraint operation_name check (operation ~ '^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$');
drop table operations;
update head set format = 2;
