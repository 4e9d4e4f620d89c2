<?php
/** wordpress.php behind PHP's own web server: what it is called with stands in the environment. */

$argv = array( '', getenv( 'SCENARIO' ), getenv( 'REPORT' ), getenv( 'PLUGIN' ) );
require __DIR__ . '/wordpress.php';
