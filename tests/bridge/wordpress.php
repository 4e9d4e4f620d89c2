<?php
/**
 * Just enough of WordPress and WooCommerce for the bridge: php wordpress.php SCENARIO REPORT PLUGIN
 *
 * SCENARIO is a JSON file that says what the world is like and what happens in it; what the plugin prints
 * goes to stdout, as a page would; what it did goes to REPORT, as JSON. Functions that `missing` names do
 * not exist, those in `throwing` throw, those in `throwing_once` throw the first time, those in `noticing`
 * raise a notice first.
 */

error_reporting( E_ALL );
ini_set( 'display_errors', '1' ); // whatever is raised would be on the page
ini_set( 'log_errors', '0' );
date_default_timezone_set( 'UTC' );

$world  = json_decode( file_get_contents( $argv[1] ), true );
$report = array( 'hooks' => array(), 'calls' => array(), 'fields' => array(), 'objects' => array(), 'answers' => array() );
$hooks  = array();

register_shutdown_function(
	static function () use ( $argv ) {
		global $world, $report, $objects, $functions;
		$report['functions']  = array_keys( $functions );
		$report['meta']       = $world['meta'];
		$report['transients'] = $world['transients'];
		foreach ( $objects as $name => $object ) {
			$report['objects'][ $name ] = array( 'meta' => $object->meta, 'saved' => $object->saved );
		}
		file_put_contents( $argv[2], json_encode( $report ) );
	}
);

/** An order, a customer, a request or a product: properties by getters, and meta data. */
class Stub {
	public $meta  = array();
	public $saved = 0;
	private $is;

	public function __construct( $is ) {
		$this->meta = isset( $is['meta'] ) ? $is['meta'] : array();
		$this->is   = $is;
	}

	public function __call( $name, $given ) {
		$property = substr( $name, strlen( 'get_' ) );
		if ( 0 !== strpos( $name, 'get_' ) || ! array_key_exists( $property, $this->is ) ) {
			throw new BadMethodCallException( "no $name()" );
		}
		return $this->is[ $property ];
	}

	public function get_param( $name ) {
		return isset( $this->is['params'][ $name ] ) ? $this->is['params'][ $name ] : null;
	}

	public function get_meta( $key ) {
		return isset( $this->meta[ $key ] ) ? $this->meta[ $key ] : '';
	}

	public function update_meta_data( $key, $value ) {
		$this->meta[ $key ] = $value;
	}

	public function delete_meta_data( $key ) {
		unset( $this->meta[ $key ] );
	}

	public function save() {
		++$this->saved;
	}
}

$objects = array_map(
	static function ( $is ) {
		return new Stub( $is );
	},
	$world['objects']
);

$functions = array(
	'add_action'           => static function ( $hook, $callback, $priority = 10, $arguments = 1 ) {
		global $hooks, $report;
		$hooks[ $hook ][]         = array( $callback, $arguments );
		$report['hooks'][ $hook ] = $priority;
	},
	'apply_filters'        => static function ( $hook, $value ) {
		global $world;
		return array_key_exists( $hook, $world['filters'] ) ? $world['filters'][ $hook ] : $value;
	},
	'__'                   => static function ( $text, $domain ) {
		global $world;
		return 'winback' === $domain && isset( $world['translated'] ) ? $world['translated'] : $text;
	},
	'esc_html'             => static function ( $text ) {
		return htmlspecialchars( $text, ENT_QUOTES );
	},
	'esc_attr'             => static function ( $text ) {
		return htmlspecialchars( $text, ENT_QUOTES );
	},
	'wp_unslash'           => static function ( $text ) {
		return stripslashes( $text );
	},
	'wp_slash'             => static function ( $text ) {
		return addslashes( $text );
	},
	'sanitize_text_field'  => static function ( $text ) {
		return trim( strip_tags( $text ) );
	},
	'wp_json_encode'       => static function ( $data ) {
		return json_encode( $data );
	},
	'get_current_user_id'  => static function () {
		global $world;
		return $world['user_id'];
	},
	'current_user_can'     => static function ( $capability ) {
		global $world;
		return in_array( $capability, $world['capabilities'], true );
	},
	'get_user_meta'        => static function ( $user_id, $key, $single ) {
		global $world;
		return isset( $world['meta'][ $key ] ) ? $world['meta'][ $key ] : '';
	},
	'update_user_meta'     => static function ( $user_id, $key, $value ) {
		global $world;
		$world['meta'][ $key ] = stripslashes( $value ); // WordPress expects slashes
	},
	'delete_user_meta'     => static function ( $user_id, $key ) {
		global $world;
		unset( $world['meta'][ $key ] );
	},
	'get_transient'        => static function ( $key ) {
		global $world;
		return isset( $world['transients'][ $key ] ) ? $world['transients'][ $key ] : false;
	},
	'set_transient'        => static function ( $key, $value, $seconds ) {
		global $world;
		$world['transients'][ $key ] = $value;
	},
	'get_queried_object_id' => static function () {
		return 34;
	},
	'wc_get_product'       => static function ( $id ) {
		global $objects;
		return 34 === $id ? $objects['product'] : false;
	},
	'wc_get_order'         => static function () {
		global $objects;
		return $objects['order'];
	},
	'wc_format_decimal'    => static function ( $number ) {
		return str_replace( ',', '', (string) $number );
	},
	'get_woocommerce_currency' => static function () {
		return 'EUR';
	},
	'WC'                   => static function () {
		global $objects;
		return (object) array( 'customer' => isset( $objects['customer'] ) ? $objects['customer'] : null );
	},
	'wp_remote_post'       => static function ( $url, $what ) {
		global $world, $report;
		usleep( $world['post_takes_ms'] * 1000 );
		if ( ! $world['network'] ) {
			return;
		}
		$headers = '';
		foreach ( $what['headers'] as $name => $value ) {
			$headers .= "$name: $value\r\n";
		}
		$http = array( 'method' => 'POST', 'header' => $headers, 'content' => $what['body'], 'ignore_errors' => true );
		$answer               = file_get_contents( $url, false, stream_context_create( array( 'http' => $http ) ) );
		$report['answers'][] = false === $answer ? null : $answer;
	},
	'woocommerce_register_additional_checkout_field' => static function ( $field ) {
		global $report;
		$report['fields'][] = $field;
	},
);
$nothing   = static function () {};
foreach ( array( 'fastcgi_finish_request', 'litespeed_finish_request', 'wc_set_user_last_update_time' ) as $name ) {
	$functions[ $name ] = $nothing;
}
$questions = array( 'is_product', 'is_preview', 'is_customize_preview', 'is_feed', 'is_embed', 'post_password_required', 'current_user_switched', 'is_ssl', 'wp_has_consent' );
foreach ( $questions as $name ) {
	$functions[ $name ] = static function () use ( $name ) {
		global $world;
		return in_array( $name, $world['true'], true );
	};
}

function called( $name, $given ) {
	global $world, $report, $functions;
	$report['calls'][] = array( $name, 'add_action' === $name ? array( $given[0] ) : $given );
	if ( in_array( $name, $world['noticing'], true ) ) {
		trigger_error( "notice of $name", E_USER_NOTICE );
		trigger_error( "warning of $name", E_USER_WARNING );
	}
	if ( in_array( $name, $world['throwing'], true ) ) {
		throw new Error( "$name is broken" );
	}
	$first = array_search( $name, $world['throwing_once'], true );
	if ( false !== $first ) {
		unset( $world['throwing_once'][ $first ] );
		throw new Error( "$name is broken this once" );
	}
	return $functions[ $name ]( ...$given );
}

foreach ( array_keys( $functions ) as $name ) {
	if ( ! in_array( $name, $world['missing'], true ) ) {
		eval( "function $name( ...\$given ) { return called( '$name', \$given ); }" );
	}
}

if ( ! $world['direct'] ) {
	define( 'ABSPATH', '/' );
}
foreach ( $world['constants'] as $name => $value ) {
	define( $name, $value );
}
$_SERVER = $world['server'];
$_POST   = $world['post'];
if ( PHP_SAPI === 'cli' ) { // a real server has its own
	$_GET    = $world['get'];
	$_COOKIE = $world['cookies'];
}

require $argv[3];
if ( $world['twice'] ) {
	copy( $argv[3], $argv[2] . '.php' ); // another name: another file
	require $argv[2] . '.php';
}

foreach ( $world['happens'] as $one ) {
	$hook = array_shift( $one );
	if ( is_int( $hook ) ) {
		http_response_code( $hook );
		continue;
	}
	$given = array();
	foreach ( $one as $argument ) {
		$given[] = is_string( $argument ) && isset( $objects[ $argument ] ) ? $objects[ $argument ] : $argument;
	}
	foreach ( isset( $hooks[ $hook ] ) ? $hooks[ $hook ] : array() as list( $callback, $arguments ) ) {
		$callback( ...array_slice( $given, 0, $arguments ) );
	}
}
if ( $world['notice_after'] ) {
	trigger_error( "somebody else's notice", E_USER_NOTICE );
}
