-- What Couplet's role needs in a database that it reads and writes; docs/reference/privileges.md
-- tells what each line is for, and what happens without it.
GRANT USAGE ON SCHEMA public TO couplet;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO couplet;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO couplet;

-- Marks of what was committed, for recovery after a crash.
GRANT EXECUTE ON FUNCTION
  pg_replication_origin_oid(text),
  pg_replication_origin_create(text),
  pg_replication_origin_session_setup(text),
  pg_replication_origin_session_progress(boolean),
  pg_replication_origin_xact_setup(pg_lsn, timestamp with time zone)
TO couplet;
