package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Views and rights follow a table, not its name: what others built on the live table
// would go with it. So it is written down before the swap and made anew after it.

// kept is a statement that makes something anew, and what it is about.
type kept struct{ about, statement string }

// Views that read the table, or views of it, in their order; then the rights on the
// table and on them. Owners have all rights.
const keptQuery = `with recursive above(oid, depth) as (
	select to_regclass($1)::oid, 0
	union
	select r.ev_class, a.depth + 1 from above a
	join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = a.oid and d.classid = 'pg_rewrite'::regclass
	join pg_catalog.pg_rewrite r on r.oid = d.objid and r.ev_class <> a.oid),
relations as (
	select c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.reloptions, format('%I.%I', n.nspname, c.relname) as name, max(a.depth) as depth
	from above a join pg_catalog.pg_class c on c.oid = a.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	group by c.oid, n.nspname)
select about, statement from (
	select depth, 0 as step, name as about, 'create ' || case relkind when 'm' then 'materialized ' else '' end || 'view ' || name ||
		coalesce(' with (' || array_to_string(reloptions, ', ') || ')', '') || ' as ' || pg_get_viewdef(oid) as statement
	from relations where depth > 0
	union all
	select depth, 1, 'the owner of ' || name, format('alter table %s owner to %I', name, pg_get_userbyid(relowner))
	from relations where depth > 0 and relowner <> (select oid from pg_catalog.pg_roles where rolname = current_user)
	union all
	select r.depth, 2, 'a right on ' || r.name, format('grant %s on %s to %s%s', x.privilege_type, r.name,
		case x.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(x.grantee)) end, case when x.is_grantable then ' with grant option' else '' end)
	from relations r, aclexplode(r.relacl) x where x.grantee <> r.relowner) s
order by depth, step, about, statement`

// keep writes down what others built on the live table.
func (b *builder) keep(ctx context.Context, tx pgx.Tx) ([]kept, error) {
	rows, err := tx.Query(ctx, keptQuery, b.liveTable())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (k kept, err error) {
		return k, row.Scan(&k.about, &k.statement)
	})
}

// restore makes it anew on the table that was built. What does not fit that any more,
// a view of a column that is gone, is told and left out: it must not stop the swap.
func (b *builder) restore(ctx context.Context, tx pgx.Tx, list []kept) error {
	for _, k := range list {
		err := pgx.BeginFunc(ctx, tx, func(part pgx.Tx) error {
			_, err := part.Exec(ctx, k.statement, pgx.QueryExecModeSimpleProtocol)
			return err
		})
		if err != nil && !blames(ctx, err) {
			return err
		}
		if err != nil {
			b.e.log.Warn("what was built on a read model does not fit the new one, and is gone", "projection", b.c.name, "about", k.about, "error", err)
		}
	}
	return nil
}
