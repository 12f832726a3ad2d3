-- For auditors: rows and views per rollup and date, to compare with the export's own report.
-- Every rollup counts every event once, so the three sums of one date differ only by what came late for one of them.
-- Replace PROJECT by your project's name (and real_time_analytics by your dataset's) before you run it.
SELECT 'viewsByDeviceGenre' AS rollup_name, date, COUNT(*) AS row_count, SUM(view_count) AS view_count
FROM `PROJECT.real_time_analytics.viewsByDeviceGenre` GROUP BY date
UNION ALL
SELECT 'viewsByGenderAgeGroup' AS rollup_name, date, COUNT(*) AS row_count, SUM(view_count) AS view_count
FROM `PROJECT.real_time_analytics.viewsByGenderAgeGroup` GROUP BY date
UNION ALL
SELECT 'viewsByLocationMR' AS rollup_name, date, COUNT(*) AS row_count, SUM(view_count) AS view_count
FROM `PROJECT.real_time_analytics.viewsByLocationMR` GROUP BY date
ORDER BY date, rollup_name;
