-- Format 1 of a ledger. Runs in the ledger's own schema, which is first in search_path.
--
-- What must hold, whoever writes and with whatever program, as long as it does not own the tables:
--   1. The entries are 0 .. size - 1 without a gap, and size is the head's.            (log_grew, head_has_its_last_entry)
--   2. The head only moves forward. Its row is the lock that serializes appends.       (head_moved)
--   3. Entries, ids, blobs, names and kinds never change and never go.                 (append_only)
--   4. A hash in a tile never changes; no tile is wider than the head makes it.        (tile_grew)
--   5. What is derived (dataset counts, time extents) agrees with the entries.         (dataset_counted, extent_widened)
-- To append: UPDATE head, then INSERT tiles and transactions, then COMMIT. docs/storage/postgres.md says more.

create table operations (
    name text collate "C" primary key,
    constraint operation_name check (name ~ '^[a-z][a-z-]{0,63}$')
);

create table transactions (
    index bigint primary key,
    id bytea not null unique,
    operation text collate "C" not null references operations (name),
    dataset text collate "C",
    -- Milliseconds since 1970, unsigned 64-bit.
    recorded_at numeric(20, 0) not null,
    entry bytea not null,
    constraint index_range check (index >= 0),
    constraint id_length check (octet_length(id) = 32),
    constraint time_range check (recorded_at between 0 and 18446744073709551615),
    constraint entry_length check (octet_length(entry) <= 65535)
);
-- Signed entries hardly compress, and those of usual length are read with their row.
alter table transactions alter column entry set storage external;
alter table transactions set (toast_tuple_target = 8160);
-- A query walks one of these, or the primary key, in index order. Each of them holds the index under an expression of its own, and so
-- do the queries that are meant to use it: a planner that hopes to find rows of a dataset early in the index of a kind or in the
-- primary key, and then reads the whole log, cannot even try.
create index transactions_by_dataset on transactions (dataset, (index + 0));
create index transactions_by_operation on transactions (operation, (index - 0));
create index transactions_by_dataset_and_operation on transactions (dataset, operation, (index * 1));

create table datasets (
    name text collate "C" primary key,
    entries bigint not null,
    latest bigint not null references transactions (index),
    constraint dataset_name check (name ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$'
        and name !~ '//|/$|(^|/)\.{1,2}(/|$)')
);
-- Deferred, because a name's row is made by the first entry about it.
alter table transactions add constraint dataset_is_known
    foreign key (dataset) references datasets (name) deferrable initially deferred;

create table head (
    only_row boolean primary key default true,
    format integer not null,
    size bigint not null,
    root bytea,
    checkpoint bytea,
    last_index bigint generated always as (case when size > 0 then size - 1 end) stored,
    constraint one_row check (only_row),
    constraint size_range check (size >= 0),
    constraint root_length check (octet_length(root) = 32),
    constraint nothing_or_all check ((size = 0) = (root is null) and (size = 0) = (checkpoint is null)),
    constraint head_has_its_last_entry
        foreign key (last_index) references transactions (index) deferrable initially deferred
);

-- Hashes of tree level 8 * level, 32 bytes each, from hash 256 * index on.
create table tiles (
    level smallint,
    index bigint,
    hashes bytea not null,
    primary key (level, index),
    constraint position_range check (level between 0 and 7 and index between 0 and 36028797018963967),
    constraint whole_hashes check (octet_length(hashes) % 32 = 0 and octet_length(hashes) between 32 and 8192)
);
alter table tiles alter column hashes set storage external;

create table blobs (
    digest bytea primary key,
    bytes bytea not null,
    constraint digest_of_bytes check (digest = sha256(bytes))
);
alter table blobs alter column bytes set storage external;

-- Texts of checkpoints with the signatures of witnesses, which may grow.
create table cosigned_checkpoints (
    size bigint primary key,
    checkpoint bytea not null
);

-- Least and greatest recorded_at of a block of 2^7 (level 1) or 2^14 (level 2) entries: block b of level l holds the
-- indices b * 2^(7 l) .. (b + 1) * 2^(7 l) - 1. Clocks may run backwards, so a time range is no index range; a query
-- walks indices and jumps over every block that its time range does not touch.
create table time_extents (
    level smallint,
    block bigint,
    earliest numeric(20, 0) not null,
    latest numeric(20, 0) not null,
    primary key (level, block),
    constraint level_range check (level between 1 and 2)
);

-- Guards.

create function append_only() returns trigger language plpgsql set search_path from current as $$
begin
    raise exception '% on % is refused: the ledger is append-only', tg_op, tg_table_name
        using errcode = 'integrity_constraint_violation', constraint = 'append_only';
end
$$;

create trigger append_only before update or delete or truncate on operations execute function append_only();
create trigger append_only before update or delete or truncate on transactions execute function append_only();
create trigger append_only before update or delete or truncate on blobs execute function append_only();
create trigger append_only before delete or truncate on datasets execute function append_only();
create trigger append_only before delete or truncate on head execute function append_only();
create trigger append_only before delete or truncate on tiles execute function append_only();
create trigger append_only before delete or truncate on cosigned_checkpoints execute function append_only();
create trigger append_only before delete or truncate on time_extents execute function append_only();

create function head_moved() returns trigger language plpgsql set search_path from current as $$
begin
    -- A later migration raises the format and leaves the rest.
    if new.size < old.size or new.format < old.format
        or (new.size = old.size and (new.root, new.checkpoint) is distinct from (old.root, old.checkpoint))
    then
        raise exception 'the head moves from size % to % only with a larger size', old.size, new.size
            using errcode = 'integrity_constraint_violation', constraint = 'head_moved';
    end if;
    return new;
end
$$;
create trigger head_moved before update on head for each row execute function head_moved();

create function tile_grew() returns trigger language plpgsql set search_path from current as $$
declare
    present bigint;
begin
    select (size >> (8 * new.level)) - new.index * 256 into present from head;
    if octet_length(new.hashes) <> 32 * least(present, 256) then
        raise exception 'tile %/% does not have the width that the head gives it', new.level, new.index
            using errcode = 'integrity_constraint_violation', constraint = 'tile_width';
    end if;
    if tg_op = 'UPDATE' and ((new.level, new.index) <> (old.level, old.index)
        or substring(new.hashes for octet_length(old.hashes)) <> old.hashes)
    then
        raise exception 'tile %/% changes a hash', new.level, new.index
            using errcode = 'integrity_constraint_violation', constraint = 'tile_grew';
    end if;
    return new;
end
$$;
create trigger tile_grew before insert or update on tiles for each row execute function tile_grew();

create function cosigned_reached() returns trigger language plpgsql set search_path from current as $$
begin
    if new.size < 1 or new.size > (select size from head) or (tg_op = 'UPDATE' and new.size <> old.size) then
        raise exception 'a cosigned checkpoint of % entries, which the log has not reached', new.size
            using errcode = 'integrity_constraint_violation', constraint = 'cosigned_reached';
    end if;
    return new;
end
$$;
create trigger cosigned_reached before insert or update on cosigned_checkpoints
    for each row execute function cosigned_reached();

-- The counts after a change must be the counts before it and the entries since.
create function dataset_counted() returns trigger language plpgsql set search_path from current as $$
declare
    counted bigint := 0;
    seen bigint := -1;
    added bigint;
    newest bigint;
begin
    if tg_op = 'UPDATE' then
        counted := old.entries;
        seen := old.latest;
    end if;
    select count(*), max(index + 0) into added, newest from transactions
        where dataset = new.name and (index + 0) > seen;
    if (tg_op = 'UPDATE' and new.name <> old.name) or added = 0
        or new.entries <> counted + added or new.latest <> newest
    then
        raise exception 'dataset % has other entries', new.name
            using errcode = 'integrity_constraint_violation', constraint = 'dataset_counted';
    end if;
    return new;
end
$$;
create trigger dataset_counted before insert or update on datasets for each row execute function dataset_counted();

create function extent_widened() returns trigger language plpgsql set search_path from current as $$
begin
    if (new.level, new.block) <> (old.level, old.block) or new.earliest > old.earliest or new.latest < old.latest then
        raise exception 'time extent %/% would hide entries', new.level, new.block
            using errcode = 'integrity_constraint_violation', constraint = 'extent_widened';
    end if;
    return new;
end
$$;
create trigger extent_widened before update on time_extents for each row execute function extent_widened();

-- Checks that new entries continue the log and are covered by the head, and derives what is derived. It runs with the
-- owner's rights, so that writers need none on the derived tables.
create function log_grew() returns trigger language plpgsql security definer set search_path from current as $$
declare
    first bigint;
    last bigint;
    count bigint;
    covered bigint;
    about record;
begin
    select min(a.index), max(a.index), count(*) into first, last, count from added a;
    if count = 0 then
        return null;
    end if;
    if count <> last - first + 1 or (first > 0 and not exists (select from transactions t where t.index = first - 1)) then
        raise exception 'entries % to % leave a gap', first, last
            using errcode = 'integrity_constraint_violation', constraint = 'no_gap';
    end if;
    select h.size into covered from head h;
    if last >= covered then
        raise exception 'entry % is not covered by the head, which has %', last, covered
            using errcode = 'integrity_constraint_violation', constraint = 'covered_by_head';
    end if;
    -- A loop: each name is found by its key, whatever the planner thinks of the number of names.
    for about in
        select a.dataset as name, count(*) as entries, max(a.index) as latest from added a
        where a.dataset is not null group by a.dataset
    loop
        update datasets d set entries = d.entries + about.entries, latest = about.latest where d.name = about.name;
        if not found then
            insert into datasets (name, entries, latest) values (about.name, about.entries, about.latest);
        end if;
    end loop;
    insert into time_extents as known (level, block, earliest, latest)
        select l.level, a.index >> (7 * l.level), min(a.recorded_at), max(a.recorded_at)
        from added a cross join (values (1), (2)) l (level) group by 1, 2
    on conflict (level, block) do update
        set earliest = least(known.earliest, excluded.earliest), latest = greatest(known.latest, excluded.latest)
        where excluded.earliest < known.earliest or excluded.latest > known.latest;
    return null;
end
$$;
create trigger log_grew after insert on transactions referencing new table as added
    for each statement execute function log_grew();
-- Nobody else may hang it on a table of his own.
revoke execute on function log_grew() from public;

-- Queries with a time range.

-- The first run of blocks at or behind place (or, backwards, at or before it) that can hold entries of the time range:
-- the indices first .. behind - 1, or nulls when there is none.
create function next_run(from_time numeric, to_time numeric, place bigint, backwards boolean,
    out first bigint, out behind bigint)
language plpgsql stable set search_path from current as $$
declare
    outer_block bigint;
    inner_block bigint;
    inner_end bigint;
begin
    loop
        if backwards then
            select block into outer_block from time_extents
                where level = 2 and block <= place >> 14 and earliest < to_time and latest >= from_time
                order by block desc limit 1;
            exit when outer_block is null;
            select block into inner_block from time_extents
                where level = 1 and block <= least(place >> 7, (outer_block << 7) + 127) and block >= outer_block << 7
                    and earliest < to_time and latest >= from_time
                order by block desc limit 1;
            if inner_block is not null then
                select block into inner_end from time_extents
                    where level = 1 and block < inner_block and block >= outer_block << 7
                        and not (earliest < to_time and latest >= from_time)
                    order by block desc limit 1;
                first := coalesce(inner_end + 1, outer_block << 7) << 7;
                behind := (inner_block + 1) << 7;
                return;
            end if;
            place := (outer_block << 14) - 1;
            exit when place < 0;
        else
            select block into outer_block from time_extents
                where level = 2 and block >= place >> 14 and earliest < to_time and latest >= from_time
                order by block limit 1;
            exit when outer_block is null;
            select block into inner_block from time_extents
                where level = 1 and block >= greatest(place >> 7, outer_block << 7) and block < (outer_block + 1) << 7
                    and earliest < to_time and latest >= from_time
                order by block limit 1;
            if inner_block is not null then
                select block into inner_end from time_extents
                    where level = 1 and block > inner_block and block < (outer_block + 1) << 7
                        and not (earliest < to_time and latest >= from_time)
                    order by block limit 1;
                first := inner_block << 7;
                behind := coalesce(inner_end, (outer_block + 1) << 7) << 7;
                return;
            end if;
            place := (outer_block + 1) << 14;
        end if;
    end loop;
end
$$;

-- One function for each index that a query can walk and each direction: find_by_dataset_ascending and so on. All take the
-- same arguments.
do $make$
declare
    walk record;
begin
    for walk in
        select name, key, place, direction, backwards from (values
            ('all', '', 'index'),
            ('by_dataset', 'dataset = wanted_dataset and', '(index + 0)'),
            ('by_operation', 'operation = wanted_operation and', '(index - 0)'),
            ('by_dataset_and_operation', 'dataset = wanted_dataset and operation = wanted_operation and', '(index * 1)')
        ) keys (name, key, place)
        cross join (values ('asc', false), ('desc', true)) directions (direction, backwards)
    loop
        execute format($function$
create function %1$I(from_time numeric, to_time numeric, low bigint, high bigint,
    wanted_dataset text, wanted_operation text, most integer)
returns setof transactions language plpgsql stable set search_path from current as $body$
declare
    place bigint;
    run record;
    found_now bigint;
begin
    while low < high loop
        select index into place from transactions
            where %2$s %3$s >= low and %3$s < high order by %3$s %4$s limit 1;
        exit when place is null;
        select first, behind into run from next_run(from_time, to_time, place, %5$L);
        exit when run.first is null;
        low := case when %5$L then low else greatest(place, run.first) end;
        high := case when %5$L then least(place + 1, run.behind) else high end;
        return query select * from transactions
            where %2$s %3$s >= greatest(low, run.first) and %3$s < least(high, run.behind)
                and recorded_at >= from_time and recorded_at < to_time
            order by %3$s %4$s limit most;
        get diagnostics found_now = row_count;
        most := most - found_now;
        exit when most <= 0;
        low := case when %5$L then low else run.behind end;
        high := case when %5$L then run.first else high end;
    end loop;
end
$body$;
$function$,
            'find_' || walk.name || case when walk.backwards then '_descending' else '_ascending' end,
            walk.key, walk.place, walk.direction, walk.backwards);
    end loop;
end
$make$;

-- For people with psql.

create function entry_json(entry bytea) returns jsonb language plpgsql immutable set search_path from current as $$
begin
    return convert_from(decode(convert_from(entry, 'UTF8')::jsonb ->> 'payload', 'base64'), 'UTF8')::jsonb;
exception
    -- Whatever is no DSSE envelope around JSON has no such view.
    when others then return null;
end
$$;

create function clock_time(millis numeric) returns timestamptz language sql immutable as $$
    select case when millis < 253402300800000 then timestamptz 'epoch' + millis::double precision * interval '1 millisecond'
        else 'infinity' end
$$;

create view checkpoint as
    select size, encode(root, 'hex') as root, convert_from(checkpoint, 'UTF8') as checkpoint from head where size > 0;

create view entries as
    select index, encode(id, 'hex') as id, operation, dataset, clock_time(recorded_at) as recorded_at,
        octet_length(entry) as bytes
    from transactions;

create view statements as
    select index, operation, dataset, clock_time(recorded_at) as recorded_at,
        entry_json(entry) ->> 'predicateType' as predicate_type, entry_json(entry) -> 'subject' as subject,
        entry_json(entry) -> 'predicate' as predicate
    from transactions;

create view dataset_history as
    select d.name as dataset, d.entries, t.index as latest_index, t.operation as latest_operation,
        clock_time(t.recorded_at) as latest_at
    from datasets d join transactions t on t.index = d.latest;

create view activity as
    select date_trunc('day', clock_time(recorded_at), 'UTC') as day, operation, count(*) as entries,
        count(distinct dataset) as datasets, sum(octet_length(entry)) as bytes
    from transactions group by 1, 2;

insert into operations (name) values ('notarization'), ('claim'), ('custom');
insert into head (format, size) values (1, 0);
