<?php
/**
 * Plugin Name: winback bridge
 * Description: Consent checkboxes at the checkout and in the account, and product views of those who agreed, told to winback.
 * Version: 0.1.0
 * Requires PHP: 7.4
 * License: MIT
 *
 * A must-use plugin for WooCommerce 8 or newer: one file, wp-content/mu-plugins/winback.php. It makes
 * no table, no setting and no page of its own. To be rid of it, delete the file.
 *
 * Consent. Two checkboxes, unticked, on the classic checkout, the block checkout (WooCommerce 8.9 or newer)
 * and the account page: one for offers, one for news of the customer's orders. Neither says anything about
 * the other. What they leave behind:
 *
 *   order meta  _winback_marketing = yes          user meta  winback_marketing = yes | withdrawn
 *   order meta  _winback_marketing_wording        user meta  winback_marketing_wording
 *   order meta  _winback_order_news = yes         user meta  winback_order_news = yes | withdrawn
 *   order meta  _winback_order_news_wording       user meta  winback_order_news_wording
 *
 * "..._wording" is the version of the text that was ticked, when, and the text itself. A box at the
 * checkout that is not ticked writes nothing; unticking it on the account page is a withdrawal.
 * Another text: add_filter( 'winback_marketing_wording', ... ) or 'winback_order_news_wording'; the version
 * follows it.
 *
 * A shop that wants one of them alone names it in wp-config.php (or in the environment); whoever had ticked
 * the other still finds it in the account:
 *
 *   define( 'WINBACK_BOXES', 'marketing' );
 *
 * Product views of those who agreed to offers. Only if wp-config.php (or the environment) names both of
 * these, the second with the value of events_token in winback's config:
 *
 *   define( 'WINBACK_EVENTS_URL', 'http://localhost:8087/events' );
 *   define( 'WINBACK_EVENTS_TOKEN', '...' );
 *
 * Whoever is not logged in, and comes by a counted link of a message, is known by that link: it is kept in a
 * cookie of this shop (winback_link) for 30 days, and told with what they look at. winback takes it for a view
 * of the person it wrote to, if they agree to offers then. A consent plugin that speaks the WP Consent API is
 * asked for "marketing" first, and heeded; add_filter( 'winback_keep_link', '__return_false' ) keeps none.
 *
 * Nothing in here may ever harm a page: every error is swallowed, and told to PHP's log if WP_DEBUG is on.
 */

defined( 'ABSPATH' ) || exit;

if ( ! class_exists( 'Winback_Bridge', false ) ) { // two copies of this file are not a fatal error

	final class Winback_Bridge {

		const MARKETING  = 'marketing';
		const ORDER_NEWS = 'order_news';
		const BOXES      = array( self::MARKETING, self::ORDER_NEWS );

		const WORDING   = '_wording'; // what its neighbour's key ends with
		const ASKED     = '_asked'; // ends the name of a form field: the account form did show the box
		const YES       = 'yes';
		const WITHDRAWN = 'withdrawn'; // one of `refusals` in winback's config

		const LINK         = 'wb'; // what winback's links bring along in the address
		const COOKIE       = 'winback_link';
		const COOKIE_KEPT  = 2592000; // seconds: 30 days
		const AN_HOUR      = 3600;
		const REMEMBERED   = 100; // views of one person in an hour
		const SLOW         = 0.5; // seconds for telling one view; after that none is told for a while
		const A_WHILE      = 300;
		const NO_PERSON    = '~(?<!cu)bot|crawl|spider|slurp|preview|headless|lighthouse|pingdom|monitor|curl|wget|python~i'; // Cubot makes phones
		const AHEAD_OF_USE = array( 'HTTP_SEC_PURPOSE', 'HTTP_PURPOSE', 'HTTP_X_PURPOSE', 'HTTP_X_MOZ' );

		/** @var int The product on this page, if its view is to be told. */
		private static $viewed = 0;

		/** @var int The account that said something on this page, if winback is to read it at once. */
		private static $said = 0;

		public static function start() {
			self::on( 'template_redirect', 'keep_link', 0 ); // before the page is led on to another address
			self::on( 'template_redirect', 'note_view', 99 );
			self::on( 'shutdown', 'tell_view', 1000 ); // after all that others still do or print

			foreach ( self::BOXES as $box ) { // each for itself: if one breaks, the other is still there
				self::on( 'woocommerce_after_checkout_billing_form', 'checkout_box', 10, 0, $box ); // not redrawn while the form is filled in
				self::on( 'woocommerce_checkout_create_order', 'checkout_said', 10, 1, $box );
				self::on( 'woocommerce_checkout_order_processed', 'checkout_done', 10, 3, $box );

				self::on( 'woocommerce_init', 'block_box', 10, 0, $box );
				self::on( 'woocommerce_store_api_checkout_update_order_from_request', 'block_said', 10, 2, $box );
				self::on( 'woocommerce_store_api_checkout_order_processed', 'block_done', 10, 1, $box );

				self::on( 'woocommerce_edit_account_form', 'account_box', 10, 0, $box );
				self::on( 'woocommerce_save_account_details', 'account_said', 10, 1, $box );
			}
			self::on( 'shutdown', 'tell_account', 1000 );
		}

		// ---- consent: the classic checkout ----

		private static function checkout_box( $box ) {
			return self::is_offered( $box ) ? self::box( $box, false ) : '';
		}

		/** WooCommerce has checked the nonce of its form before it makes an order. */
		private static function checkout_said( $box, $order ) {
			$version = self::posted( self::key( $box ) );
			if ( '' === $version ) {
				self::take_back( $box, $order );
			} else {
				self::agree( $box, $order, $version );
			}
		}

		private static function checkout_done( $box, $order_id, $posted = null, $order = null ) {
			self::agree_for_account( $box, is_object( $order ) ? $order : wc_get_order( $order_id ) );
		}

		// ---- consent: the block checkout ----

		/** `order` is the place where WooCommerce never fills in what was said the last time. */
		private static function block_box( $box ) {
			if ( ! function_exists( 'woocommerce_register_additional_checkout_field' ) || ! self::is_offered( $box ) ) {
				return; // before 8.9
			}
			$wording = self::wording( $box );
			woocommerce_register_additional_checkout_field(
				array(
					'id'                         => self::block_field( $box ),
					'label'                      => $wording,
					'optionalLabel'              => $wording,
					'location'                   => 'order',
					'type'                       => 'checkbox',
					'required'                   => false,
					'show_in_order_confirmation' => false,
				)
			);
		}

		/** Only the checkout itself comes here, so an edit of the order by the shop is no consent. */
		private static function block_said( $box, $order, $request ) {
			$fields = (array) $request->get_param( 'additional_fields' );
			$field  = self::block_field( $box );
			if ( ! array_key_exists( $field, $fields ) ) {
				return;
			}
			if ( in_array( $fields[ $field ], array( true, 1, '1', 'true' ), true ) ) {
				self::agree( $box, $order );
			} else {
				self::take_back( $box, $order );
			}
		}

		/** Since WooCommerce 10.8 the session keeps the tick; the next order has to find the box unticked. */
		private static function block_done( $box, $order ) {
			self::agree_for_account( $box, $order );
			$customer = function_exists( 'WC' ) ? WC()->customer : null;
			$kept     = '_wc_other/' . self::block_field( $box ); // where WooCommerce keeps that field
			if ( is_object( $customer ) && '' !== (string) $customer->get_meta( $kept ) ) {
				$customer->delete_meta_data( $kept );
				$customer->save();
			}
		}

		private static function block_field( $box ) {
			return 'winback/' . str_replace( '_', '-', $box );
		}

		// ---- consent: the account page ----

		/** A box that the shop offers no more is still there for who had ticked it, to take it back. */
		private static function account_box( $box ) {
			$user_id = get_current_user_id();
			if ( $user_id <= 0 || ! ( self::is_offered( $box ) || self::agreed( $box, $user_id ) ) ) {
				return '';
			}
			return self::box( $box, self::agreed( $box, $user_id ) )
				. '<input type="hidden" name="' . esc_attr( self::key( $box ) . self::ASKED ) . '" value="1">';
		}

		/** WooCommerce has checked the nonce of its form. A form without our box says nothing. */
		private static function account_said( $box, $user_id ) {
			$user_id = (int) $user_id;
			if ( $user_id <= 0 || get_current_user_id() !== $user_id || '1' !== self::posted( self::key( $box ) . self::ASKED ) ) {
				return;
			}
			$version = self::posted( self::key( $box ) );
			$before  = self::agreed( $box, $user_id );
			if ( '' !== $version && ! $before ) {
				self::put_on_account( $box, $user_id, self::YES, self::evidence( $box, $version ) );
			} elseif ( '' === $version && $before ) {
				self::put_on_account( $box, $user_id, self::WITHDRAWN, self::evidence( $box ) );
			} else {
				return;
			}
			self::$said = $user_id;
		}

		/** That something was said, not what: winback reads the account, and so believes nobody else. */
		private static function tell_account() {
			if ( self::$said > 0 && self::can_tell() ) {
				self::hand_over();
				self::send( array( 'accounts' => array( self::$said ) ) );
			}
		}

		// ---- consent: the words, and what is kept of them ----

		/** The name of a box's form field, and of its user meta. */
		private static function key( $box ) {
			return 'winback_' . $box;
		}

		private static function order_key( $box ) {
			return '_' . self::key( $box );
		}

		private static function is_offered( $box ) {
			$named = preg_split( '/[\s,]+/', self::setting( 'WINBACK_BOXES' ), -1, PREG_SPLIT_NO_EMPTY );
			return array() === $named || in_array( $box, $named, true );
		}

		/** Whatever the shop's own filter does: nobody must be kept from withdrawing. */
		private static function wording( $box ) {
			$wording = self::ORDER_NEWS === $box
				? __( 'Yes, send me news of my orders on WhatsApp. I can stop this at any time: it is enough to answer STOP.', 'winback' )
				: __( 'Yes, write to me on WhatsApp about offers, and about products that I looked at in this shop. I can stop this at any time: it is enough to answer STOP.', 'winback' );
			try {
				$another = apply_filters( self::key( $box ) . self::WORDING, $wording );
			} catch ( \Throwable $error ) {
				$another = '';
			}
			return is_string( $another ) && '' !== trim( $another ) ? trim( $another ) : $wording;
		}

		private static function version( $wording ) {
			return substr( hash( 'sha256', $wording ), 0, 12 );
		}

		/** The box's value is the version of its text: so the form says which text was ticked. */
		private static function box( $box, $ticked ) {
			$wording = self::wording( $box );
			return '<p class="form-row form-row-wide ' . esc_attr( str_replace( '_', '-', self::key( $box ) ) ) . '">'
				. '<label class="woocommerce-form__label woocommerce-form__label-for-checkbox checkbox">'
				. '<input type="checkbox" class="woocommerce-form__input woocommerce-form__input-checkbox input-checkbox"'
				. ' name="' . esc_attr( self::key( $box ) ) . '" id="' . esc_attr( self::key( $box ) ) . '"'
				. ' value="' . esc_attr( self::version( $wording ) ) . '"' . ( $ticked ? ' checked' : '' ) . '>'
				. ' <span>' . esc_html( $wording ) . '</span></label></p>';
		}

		/** "version time text"; without the text if it is another by now. */
		private static function evidence( $box, $version = '' ) {
			$wording = self::wording( $box );
			$current = self::version( $wording );
			if ( ! preg_match( '/^[0-9a-f]{12}$/D', $version ) ) {
				$version = $current;
			}
			return trim( $version . ' ' . gmdate( 'c' ) . ' ' . ( $version === $current ? $wording : '' ) );
		}

		private static function agree( $box, $order, $version = '' ) {
			$evidence = self::evidence( $box, $version );
			$order->update_meta_data( self::order_key( $box ), self::YES );
			$order->update_meta_data( self::order_key( $box ) . self::WORDING, $evidence );
		}

		/** The payment had failed, and the same order comes again without the tick. */
		private static function take_back( $box, $order ) {
			$on_order   = self::order_key( $box );
			$on_account = self::key( $box );
			if ( self::YES !== $order->get_meta( $on_order ) ) {
				return;
			}
			$evidence = $order->get_meta( $on_order . self::WORDING );
			$user_id  = (int) $order->get_customer_id();
			$order->delete_meta_data( $on_order );
			$order->delete_meta_data( $on_order . self::WORDING );
			if ( $user_id > 0 && get_user_meta( $user_id, $on_account . self::WORDING, true ) === $evidence ) {
				delete_user_meta( $user_id, $on_account );
				delete_user_meta( $user_id, $on_account . self::WORDING );
			}
		}

		private static function agree_for_account( $box, $order ) {
			if ( ! is_object( $order ) || self::YES !== $order->get_meta( self::order_key( $box ) ) ) {
				return;
			}
			$user_id = (int) $order->get_customer_id();
			if ( $user_id > 0 && ! self::agreed( $box, $user_id ) ) {
				self::put_on_account( $box, $user_id, self::YES, $order->get_meta( self::order_key( $box ) . self::WORDING ) );
			}
		}

		private static function agreed( $box, $user_id ) {
			return self::YES === get_user_meta( $user_id, self::key( $box ), true );
		}

		/** winback takes the account's date of change for the time at which this was said. */
		private static function put_on_account( $box, $user_id, $says, $evidence ) {
			update_user_meta( $user_id, self::key( $box ), $says );
			update_user_meta( $user_id, self::key( $box ) . self::WORDING, wp_slash( $evidence ) );
			if ( function_exists( 'wc_set_user_last_update_time' ) ) {
				wc_set_user_last_update_time( $user_id );
			}
		}

		// ---- who came by a link ----

		/** On any page. Who has logged in is known by their account, and has no such cookie. */
		private static function keep_link() {
			$kept = self::link_in( $_COOKIE, self::COOKIE );
			$new  = self::link_in( $_GET, self::LINK ); // phpcs:ignore WordPress.Security.NonceVerification -- it changes nothing in the shop
			if ( '' === $kept . $new || headers_sent() ) {
				return;
			}
			if ( ! self::may_keep_link() ) {
				if ( isset( $_COOKIE[ self::COOKIE ] ) ) {
					self::set_cookie( '', 1 );
				}
			} elseif ( '' !== $new && $new !== $kept && self::can_tell() && self::is_a_person_looking() ) {
				self::set_cookie( $new, time() + self::COOKIE_KEPT );
			}
		}

		/** The one that they came by last; '' for who has none, or may not be known by it. */
		private static function link() {
			$new  = self::link_in( $_GET, self::LINK ); // phpcs:ignore WordPress.Security.NonceVerification -- as above
			$link = '' === $new ? self::link_in( $_COOKIE, self::COOKIE ) : $new;
			return '' !== $link && self::may_keep_link() ? $link : '';
		}

		private static function link_in( $given, $name ) {
			$link = isset( $given[ $name ] ) ? $given[ $name ] : '';
			return is_string( $link ) && preg_match( '/^[A-Za-z0-9]{10}$/D', $link ) ? $link : '';
		}

		private static function may_keep_link() {
			if ( get_current_user_id() > 0 || true !== apply_filters( 'winback_keep_link', true ) ) {
				return false;
			}
			return ! function_exists( 'wp_has_consent' ) || wp_has_consent( 'marketing' );
		}

		private static function set_cookie( $link, $expires ) {
			setcookie(
				self::COOKIE,
				$link,
				array(
					'expires'  => $expires,
					'path'     => defined( 'COOKIEPATH' ) && COOKIEPATH ? COOKIEPATH : '/',
					'domain'   => defined( 'COOKIE_DOMAIN' ) && COOKIE_DOMAIN ? COOKIE_DOMAIN : '',
					'secure'   => is_ssl(),
					'httponly' => true,
					'samesite' => 'Lax',
				)
			);
		}

		// ---- product views ----

		/** While the page is made: whose view of what this is, if it is to be told at all. */
		private static function note_view() {
			if ( ! function_exists( 'is_product' ) || ! is_product() || ! self::can_tell() ) {
				return;
			}
			$user_id = get_current_user_id();
			$known   = $user_id > 0 ? self::agreed( self::MARKETING, $user_id ) : '' !== self::link();
			if ( ! $known || ! self::is_a_person_looking() ) {
				return;
			}
			if ( current_user_can( 'edit_posts' ) || current_user_can( 'manage_woocommerce' ) ) {
				return; // staff
			}
			if ( function_exists( 'current_user_switched' ) && current_user_switched() ) {
				return; // staff in a customer's clothes ("User Switching")
			}
			if ( ! post_password_required() ) {
				self::$viewed = (int) get_queried_object_id();
			}
		}

		private static function is_a_person_looking() {
			$agent = self::header( 'HTTP_USER_AGENT' );
			if ( 'GET' !== self::header( 'REQUEST_METHOD' ) || '' === $agent || preg_match( self::NO_PERSON, $agent ) ) {
				return false;
			}
			foreach ( self::AHEAD_OF_USE as $name ) {
				if ( preg_match( '/prefetch|prerender|preview/i', self::header( $name ) ) ) {
					return false;
				}
			}
			return ! is_preview() && ! is_customize_preview() && ! is_feed() && ! is_embed();
		}

		/** The page is made. It is handed over first, and told of then. */
		private static function tell_view() {
			$status = http_response_code();
			if ( self::$viewed <= 0 || ( is_int( $status ) && 200 !== $status ) ) {
				return;
			}
			self::hand_over();
			$product = wc_get_product( self::$viewed );
			if ( ! is_object( $product ) || 'publish' !== $product->get_status() || false !== get_transient( 'winback_pause' ) ) {
				return;
			}
			$event = self::view_of( $product );
			if ( self::was_told( $event ) ) {
				return;
			}
			$began = microtime( true );
			self::send( array( 'events' => array( $event ) ) );
			if ( microtime( true ) - $began > self::SLOW ) {
				set_transient( 'winback_pause', 1, self::A_WHILE );
			}
		}

		/** The page goes to whoever asked for it, before anything that may take time. */
		private static function hand_over() {
			if ( function_exists( 'fastcgi_finish_request' ) ) {
				fastcgi_finish_request();
			} elseif ( function_exists( 'litespeed_finish_request' ) ) {
				litespeed_finish_request();
			}
		}

		/** get_price() is what the shop's REST API calls the price, which is what winback compares with. */
		private static function view_of( $product ) {
			$price   = wc_format_decimal( $product->get_price() );
			$user_id = get_current_user_id();
			$event   = array( 'kind' => 'product_view' ) + ( $user_id > 0 ? array( 'customer_id' => $user_id ) : array( 'link' => self::link() ) );
			$event  += array(
				'product_id'   => (int) $product->get_id(),
				'variation_id' => 0,
				'stock_status' => (string) $product->get_stock_status(),
				'at'           => gmdate( 'c' ),
			);
			if ( is_string( $price ) && preg_match( '/^[0-9]+(\.[0-9]+)?$/D', $price ) ) {
				$event['price']    = $price;
				$event['currency'] = (string) get_woocommerce_currency();
			}
			return $event;
		}

		/** Once an hour for a person, a product, and its price and stock as they are; one transient for each person. */
		private static function was_told( $event ) {
			$key  = 'winback_seen_' . ( isset( $event['link'] ) ? $event['link'] : $event['customer_id'] );
			$what = implode( '|', array( $event['product_id'], $event['stock_status'], isset( $event['price'] ) ? $event['price'] : '' ) );
			$seen = get_transient( $key );
			$now  = time();
			$seen = array_filter(
				is_array( $seen ) ? $seen : array(),
				static function ( $when ) use ( $now ) {
					return is_int( $when ) && $when > $now - self::AN_HOUR;
				}
			);
			if ( isset( $seen[ $what ] ) ) {
				return true;
			}
			$seen[ $what ] = $now;
			set_transient( $key, array_slice( $seen, -self::REMEMBERED, null, true ), self::AN_HOUR );
			return false;
		}

		private static function send( $told ) {
			wp_remote_post(
				self::setting( 'WINBACK_EVENTS_URL' ),
				array(
					'blocking'    => false, // nobody reads the answer; with cURL it is awaited all the same
					'timeout'     => 1, // the least that WordPress gives cURL
					'redirection' => 0,
					'headers'     => array(
						'Authorization' => 'Bearer ' . self::setting( 'WINBACK_EVENTS_TOKEN' ),
						'Content-Type'  => 'application/json',
					),
					'body'        => wp_json_encode( array( 'source' => 'bridge' ) + $told ),
				)
			);
		}

		private static function can_tell() {
			return preg_match( '~^https?://[^\s]+$~iD', self::setting( 'WINBACK_EVENTS_URL' ) )
				&& preg_match( '~^[\x21-\x7e]+$~D', self::setting( 'WINBACK_EVENTS_TOKEN' ) );
		}

		// ---- what is around it ----

		private static function setting( $name ) {
			$value = defined( $name ) ? constant( $name ) : getenv( $name );
			return is_string( $value ) ? trim( $value ) : '';
		}

		private static function header( $name ) {
			return isset( $_SERVER[ $name ] ) && is_string( $_SERVER[ $name ] ) ? $_SERVER[ $name ] : '';
		}

		private static function posted( $name ) {
			return isset( $_POST[ $name ] ) && is_string( $_POST[ $name ] ) ? sanitize_text_field( wp_unslash( $_POST[ $name ] ) ) : '';
		}

		/** What the method returns is printed, its errors are not. One that is for a box gets its name first. */
		private static function on( $hook, $method, $priority = 10, $arguments = 1, $box = '' ) {
			add_action(
				$hook,
				static function ( ...$given ) use ( $method, $box ) {
					if ( '' !== $box ) {
						array_unshift( $given, $box );
					}
					echo self::quietly( $method, $given ); // phpcs:ignore WordPress.Security.EscapeOutput -- escaped where it is made
				},
				$priority,
				$arguments
			);
		}

		private static function quietly( $method, $given ) {
			set_error_handler( // phpcs:ignore WordPress.PHP.DevelopmentFunctions -- no notice on the shop's page
				static function () {
					return true;
				}
			);
			try {
				return (string) self::$method( ...$given );
			} catch ( \Throwable $error ) {
				if ( defined( 'WP_DEBUG' ) && WP_DEBUG ) {
					error_log( 'winback bridge: ' . $error->getMessage() ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions
				}
				return '';
			} finally {
				restore_error_handler();
			}
		}
	}

	Winback_Bridge::start();
}
